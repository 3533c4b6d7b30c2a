import type { AddressSpace } from "@morph/memory";
import { type Block, endOf } from "./block.ts";
import { BLOCK_FILLED, BLOCK_PAGES, BLOCK_POINTER, BLOCK_RECORD_BYTES, BLOCK_RECORD_WORDS } from "./layout.ts";

/** The blocks of an arena as other threads find them: in a side table, a record each. */
export class BlockList {
  /** Pointer and bytes of the table; 0 before there is one. */
  pointer = 0;
  bytes = 0;
  private readonly memory: AddressSpace;

  constructor(memory: AddressSpace) {
    this.memory = memory;
  }

  /** Makes room for so many blocks, twice as many when the table moves. @returns false when there is none; then nothing has changed */
  reserve(blocks: number): boolean {
    const { memory } = this;
    const bytes = Math.max(blocks, 1) * BLOCK_RECORD_BYTES;
    if (bytes <= this.bytes) return true;
    const pointer = memory.tryAcquireTable(bytes * 2);
    if (pointer === 0) return false;
    const old = this.pointer / 4;
    memory.i32.copyWithin(pointer / 4, old, old + this.bytes / 4);
    if (this.bytes > 0) memory.releaseTable(this.pointer, this.bytes);
    this.pointer = pointer;
    this.bytes = memory.tableBytes(bytes * 2);
    return true;
  }

  /** Writes the blocks, for which there is room. */
  write(blocks: readonly Block[]): void {
    const { i32 } = this.memory;
    let record = this.pointer / 4;
    for (const block of blocks) {
      i32[record + BLOCK_POINTER] = block.pointer;
      i32[record + BLOCK_PAGES] = block.pages;
      i32[record + BLOCK_FILLED] = block.filled;
      record += BLOCK_RECORD_WORDS;
    }
  }

  /** So many blocks as they were written, none of whose bytes are known to be zeros. */
  read(blocks: number): Block[] {
    const { i32 } = this.memory;
    return Array.from({ length: blocks }, (_, i) => {
      const record = this.pointer / 4 + i * BLOCK_RECORD_WORDS;
      const block = {
        pointer: (i32[record + BLOCK_POINTER] as number) >>> 0,
        pages: i32[record + BLOCK_PAGES] as number,
        filled: (i32[record + BLOCK_FILLED] as number) >>> 0,
        zeroedFrom: 0,
      };
      block.zeroedFrom = endOf(block);
      return block;
    });
  }

  /** Releases the table, but for a memory that is gone. */
  drop(isMemoryGone: boolean): void {
    const { bytes } = this;
    this.bytes = 0;
    if (bytes > 0 && !isMemoryGone) this.memory.releaseTable(this.pointer, bytes);
  }
}
