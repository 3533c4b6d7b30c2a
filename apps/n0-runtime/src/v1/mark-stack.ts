import type { LinearMemory } from "@morph/memory";
import type { Footprint } from "../footprint.ts";
import { MARK_BLOCK_BYTES, MARK_ENTRIES_WORDS, MARK_ENTRY_WORDS, MARK_HEAD_WORDS } from "./layout.ts";

/** Objects that are marked and not yet traced: a stack in blocks of 1024 entries, which are kept and used again. */
export class MarkStack {
  private readonly memory: LinearMemory;
  private readonly footprint: Footprint;
  private readonly blocks: number[] = [];
  private i32: Int32Array;
  /** Index of the block in use. */
  private block = -1;
  /** Word indexes in it: of its first entry, of the next free one, and of its end. */
  private first = 0;
  private top = 0;
  private end = 0;

  /** @param footprint where blocks are counted */
  constructor(memory: LinearMemory, footprint: Footprint) {
    this.memory = memory;
    this.footprint = footprint;
    this.i32 = memory.i32;
  }

  /** Makes the stack empty, with current views. */
  start(): void {
    this.i32 = this.memory.i32;
    this.block = -1;
    this.first = this.top = this.end = 0;
  }

  /** @returns whether the memory may have grown meanwhile. @throws ERR_MORPH_OUT_OF_MEMORY */
  push(pointer: number): boolean {
    const fresh = this.top === this.end && this.nextBlock();
    this.i32[this.top] = pointer;
    this.top = (this.top + MARK_ENTRY_WORDS) | 0;
    return fresh;
  }

  /** The object pushed last, or 0. */
  pop(): number {
    if (this.top === this.first) {
      if (this.block <= 0) return 0;
      this.useBlock(this.block - 1);
      this.top = this.end;
    }
    this.top = (this.top - MARK_ENTRY_WORDS) | 0;
    return this.i32[this.top] as number;
  }

  /** Gives the blocks back. */
  destroy(): void {
    for (const block of this.blocks) this.memory.releaseTable(block, MARK_BLOCK_BYTES);
    this.blocks.length = 0;
    this.start();
  }

  private nextBlock(): boolean {
    const fresh = this.block + 1 === this.blocks.length;
    if (fresh) {
      this.blocks.push(this.memory.acquireTable(MARK_BLOCK_BYTES));
      this.footprint.bytes += MARK_BLOCK_BYTES;
      this.i32 = this.memory.i32;
    }
    this.useBlock(this.block + 1);
    return fresh;
  }

  private useBlock(block: number): void {
    this.block = block;
    this.first = this.top = ((this.blocks[block] as number) / 4 + MARK_HEAD_WORDS) | 0;
    this.end = (this.first + MARK_ENTRIES_WORDS) | 0;
  }
}
