/*
 * Where the collector starts: cells that were registered, and the shadow stack.
 *
 *   shadow stack   | a pointer or 0 | ... |      in use from STACK_BASE to STACK_TOP
 *
 * Each collection clears the words above the top. So what stands there was stored since, or is 0; and nothing that was reachable since has moved or gone. A frame
 * can therefore be taken with one store, that of the new top, and its words need not be cleared.
 */
import { describe, MorphError, PAGE_BYTES } from "@morph/memory";
import { STACK_BASE, STACK_LIMIT, STACK_TOP, WORD_SHIFT } from "./layout.ts";
import type { Space } from "./space.ts";

const WORD_BYTES = 4;

/** Registered cells, and the shadow stack. */
export class Roots {
  /** Words of a range of cells, by its pointer. */
  private readonly cells: Map<number, number> = new Map();
  /** Pointers of the frames that JavaScript pushed. */
  private readonly frames: number[] = [];
  /** Registered cells. */
  private count = 0;
  /** Pointer of the stack's table. */
  private readonly stack: number;
  private readonly space: Space;

  /** @throws ERR_MORPH_OUT_OF_MEMORY */
  constructor(space: Space, stackBytes: number) {
    this.space = space;
    const stack = space.requireTable(stackBytes);
    this.stack = stack >>> 0;
    const { i32, control } = space;
    i32[control + STACK_BASE] = stack;
    i32[control + STACK_TOP] = stack;
    i32[control + STACK_LIMIT] = (stack + stackBytes) | 0;
  }

  /** Registers cells. @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_INVALID_SIZE, ERR_MORPH_DOUBLE_FREE */
  add(pointer: number, count: number): void {
    const bytes = this.space.memory.u8.length;
    if (!Number.isInteger(count) || count < 1) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `count: expected an integer from 1, got ${describe(count)}`);
    }
    const isCell = Number.isInteger(pointer) && pointer > 0 && pointer % WORD_BYTES === 0;
    const end = isCell ? pointer + count * WORD_BYTES : Number.POSITIVE_INFINITY;
    if (end > bytes || this.cells.has(pointer) || this.ownsSome(pointer, end)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `pointer: expected a multiple of 4 in the memory where no root and no object of the collector is, got ${describe(pointer)}`,
      );
    }
    this.cells.set(pointer, count);
    this.count += count;
  }

  /** Whether some of these addresses are in the collector's pages, or the ends of them in its tables; a stack that is not in use may be cells. O(pages + tables). */
  private ownsSome(pointer: number, end: number): boolean {
    const { memory, owner } = this.space;
    for (let at = pointer; at < end; at += PAGE_BYTES) if (memory.ownerOf(at) === owner) return true;
    const last = end - WORD_BYTES;
    const tables = [this.space.tableAt(pointer), this.space.tableAt(last)];
    return memory.ownerOf(last) === owner || tables.some((table) => table !== 0 && table !== this.stack);
  }

  /** Forgets cells. @throws ERR_MORPH_INVALID_POINTER when none were registered there */
  remove(pointer: number): void {
    const count = this.cells.get(pointer) ?? 0;
    if (!this.cells.delete(pointer)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `pointer: expected that of a registered root, got ${describe(pointer)}`,
      );
    }
    this.count -= count;
  }

  /** Takes a frame of cleared words. @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY when the stack is full */
  push(words: number): number {
    const { i32, control } = this.space;
    const top = i32[control + STACK_TOP] as number;
    if (!Number.isInteger(words) || words < 1) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `words: expected an integer from 1, got ${describe(words)}`);
    }
    if (words * WORD_BYTES > ((i32[control + STACK_LIMIT] as number) - top) >>> 0) {
      throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", `the shadow stack has no room for a frame of ${words} words`);
    }
    // Generated code may have left frames by storing an older top.
    while (this.frames.length > 0 && (this.frames[this.frames.length - 1] as number) >>> 0 >= top >>> 0)
      this.frames.pop();
    i32.fill(0, top >>> WORD_SHIFT, (top >>> WORD_SHIFT) + words);
    this.frames.push(top);
    i32[control + STACK_TOP] = (top + words * WORD_BYTES) | 0;
    return top >>> 0;
  }

  /** Leaves a frame, and those above it. @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE */
  pop(frame: number): void {
    const at = typeof frame === "number" ? this.frames.lastIndexOf(frame | 0) : -1;
    if (at < 0 || (frame | 0) >>> 0 !== frame) {
      const { i32, control } = this.space;
      const inStack =
        typeof frame === "number" &&
        frame >= (i32[control + STACK_BASE] as number) >>> 0 &&
        frame < (i32[control + STACK_LIMIT] as number) >>> 0;
      throw new MorphError(
        inStack ? "ERR_MORPH_DOUBLE_FREE" : "ERR_MORPH_INVALID_POINTER",
        `frame: expected one that was pushed and not popped, got ${describe(frame)}`,
      );
    }
    const { i32, control } = this.space;
    this.frames.length = at;
    i32[control + STACK_TOP] = frame | 0;
  }

  /** How many words there are. O(1). */
  get words(): number {
    const { i32, control } = this.space;
    return (
      this.count + ((((i32[control + STACK_TOP] as number) - (i32[control + STACK_BASE] as number)) | 0) >>> WORD_SHIFT)
    );
  }

  /** Calls `visit` with the word index of every root. O(roots). */
  each(visit: (word: number) => void): void {
    const { i32, control } = this.space;
    const top = (i32[control + STACK_TOP] as number) >>> WORD_SHIFT;
    for (let word = (i32[control + STACK_BASE] as number) >>> WORD_SHIFT; word < top; word++) visit(word);
    for (const [pointer, count] of this.cells) {
      for (let i = 0; i < count; i++) visit(pointer / WORD_BYTES + i);
    }
  }

  /** Clears the stack above its top. O(bytes of the stack). */
  clearAbove(): void {
    const { i32, control } = this.space;
    i32.fill(
      0,
      (i32[control + STACK_TOP] as number) >>> WORD_SHIFT,
      (i32[control + STACK_LIMIT] as number) >>> WORD_SHIFT,
    );
  }
}
