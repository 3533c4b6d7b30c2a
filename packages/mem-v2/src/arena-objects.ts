import { ARENA_STATE_BYTES, Arena } from "@morph/arena";
import { type AddressSpace, FREED, LIVE, StateTable, TABLE_STATE_BYTES } from "@morph/memory";

/** log2 of the granule in which the arena's blocks start. */
const GRANULE_SHIFT = 4;

/** Bytes that {@link ArenaObjects.saveState} writes. */
export const ARENA_OBJECTS_STATE_BYTES: number = ARENA_STATE_BYTES + TABLE_STATE_BYTES;

/**
 * The objects that lie in the arena: it gives no bytes back before `reset`, so a table remembers where objects start and which
 * of them are freed. A block is a header and its payload.
 */
export class ArenaObjects {
  /** The arena's id in the memory. */
  readonly owner: number;
  private readonly arena: Arena;
  private readonly marks: StateTable;

  /** @param owner to continue the arena of another thread: its id */
  constructor(memory: AddressSpace, owner?: number) {
    this.arena = new Arena({ memory, ...(owner === undefined ? {} : { owner }) });
    this.owner = this.arena.owner;
    this.marks = new StateTable(memory, GRANULE_SHIFT);
  }

  /** Called when the memory has grown. */
  viewsChanged(i32: Int32Array): void {
    this.marks.i32 = i32;
  }

  /** A live block of at least `bytes`, at a multiple of 16. @throws ERR_MORPH_OUT_OF_MEMORY */
  alloc(bytes: number): number {
    // Multiples of 16 only, so that every block starts at one.
    const rounded = Math.ceil(bytes / 16) * 16;
    const block = this.arena.alloc(rounded);
    this.marks.cover(block, block + rounded);
    this.marks.set(block | 0, LIVE);
    return block;
  }

  /** Remembers that a live block is freed. */
  free(block: number): void {
    this.marks.set(block | 0, FREED);
  }

  /** LIVE or FREED when a block starts there, else 0; for any number. */
  stateOf(block: number): number {
    return (block | 0) >>> 0 === block && this.marks.covers(block | 0) ? this.marks.get(block | 0) : 0;
  }

  /** The live blocks, ascending. O(the arena's address range). */
  *liveBlocks(): Generator<number, void, undefined> {
    const start = this.marks.lo >>> 0;
    const end = start + this.marks.granules * 2 ** GRANULE_SHIFT;
    for (let block = start; block < end; block += 2 ** GRANULE_SHIFT) {
      if (this.marks.get(block | 0) === LIVE) yield block;
    }
  }

  /** Drops every block; the pages stay for what comes next. */
  reset(): void {
    this.arena.reset();
    this.marks.drop();
  }

  verify(): void {
    this.arena.verify();
  }

  destroy(): void {
    this.arena.destroy();
    this.marks.drop();
  }

  /** See {@link Arena.saveState}. */
  saveState(pointer: number): void {
    this.arena.saveState(pointer);
    this.marks.saveState(pointer + ARENA_STATE_BYTES);
  }

  /** See {@link Arena.loadState}. */
  loadState(pointer: number): void {
    this.arena.loadState(pointer);
    this.marks.loadState(pointer + ARENA_STATE_BYTES);
  }
}
