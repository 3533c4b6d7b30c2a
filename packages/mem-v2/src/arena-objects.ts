import { Arena, type ArenaMark } from "@morph/arena";
import { type AddressSpace, BurstGuard, FREED, isDestroyed, LIVE, requireStack, StateTable } from "@morph/memory";
import { zeroIfFull } from "./full.ts";
import type { LargeObjects } from "./large-objects.ts";
import {
  CUT_CURSOR,
  CUT_LEFT,
  CUT_TABLE,
  GRANULE,
  IN_ARENA,
  LARGEST_CUT_BYTES,
  NEXT_CHUNK_BYTES,
  TABLE_WORD_SHIFT,
} from "./layout.ts";
import { LAYERS } from "./stack.ts";

const cutting = /* @__PURE__ */ new BurstGuard(LAYERS);

/** log2 of the granule at which blocks start. */
const GRANULE_SHIFT = 4;

/**
 * Bytes of a chunk, a block of the arena from which several large objects are cut: at first, and at most. Each is twice as large as the
 * one before, so that chunks are few and little is left over.
 */
const FIRST_CHUNK_BYTES = 0x1000;
const MAX_CHUNK_BYTES = 0x4_0000;

/** Bytes of the arena's saved state, behind which that of the table lies. */
const ARENA_STATE_BYTES = 64;

/**
 * Large objects in an arena: their bytes come back when none of them lives any more, or all are dropped. Which blocks are live, and which were
 * freed, a table beside them tells exactly. Blocks of up to 2 KiB are cut from a chunk, whose cursor lies in the context's state: the
 * context does that by itself, and threads that share it need not exchange the arena's state for each of them.
 */
export class ArenaObjects implements LargeObjects {
  readonly flag: number = IN_ARENA;
  readonly reusesTails: boolean = false;
  readonly owner: number;
  changes = 0;

  private i32: Int32Array;
  /** Word index of the context's state. */
  private state = 0;
  /** The table's lowest pointer, and its granules. */
  private lo = 0;
  private granules = 0;
  private readonly memory: AddressSpace;
  private readonly arena: Arena;
  private readonly objects: StateTable;

  constructor(memory: AddressSpace, owner: number | undefined) {
    this.memory = memory;
    this.i32 = memory.i32;
    this.objects = new StateTable(memory, GRANULE_SHIFT);
    this.arena = new Arena(owner === undefined ? { memory } : { memory, owner });
    this.owner = this.arena.owner;
  }

  /** Where the context's state lies, as a word index: to be called before anything is taken. */
  setState(state: number): void {
    this.state = state;
  }

  get footprint(): number {
    return this.arena.stats().footprint + this.objects.bytes;
  }

  setView(i32: Int32Array): void {
    this.i32 = this.objects.i32 = i32;
  }

  take(bytes: number): number {
    if (bytes > LARGEST_CUT_BYTES || !(this.left >= bytes || this.takeChunk())) {
      return this.takeWhole(bytes, () => this.arena.tryAlloc(bytes));
    }
    const { i32, state } = this;
    const block = i32[state + CUT_CURSOR] as number;
    this.objects.set(block, LIVE);
    i32[state + CUT_CURSOR] = (block + bytes) | 0;
    i32[state + CUT_LEFT]! -= bytes;
    return block;
  }

  takeZeroed(bytes: number): number {
    return this.takeWhole(bytes, () => zeroIfFull(() => this.arena.allocZeroed(bytes)));
  }

  free(block: number): void {
    this.objects.set(block, FREED);
  }

  isLive(block: number): boolean {
    return this.stateOf(block) === LIVE;
  }

  wasFreed(block: number): boolean {
    return this.stateOf(block) === FREED;
  }

  usableSize(_: number, asked: number): number {
    return asked;
  }

  blocks(): Iterable<number> {
    return this.objects.pointersIn(LIVE);
  }

  /** A context with a limit keeps its large objects in a heap. */
  setLimit(): void {}

  trim(): void {
    this.change();
    this.arena.trim();
    if (this.objects.pointersIn(LIVE).next().done !== true) return;
    this.arena.reset();
    this.arena.trim();
    this.forgetChunk();
    this.objects.drop();
    this.follow();
  }

  reset(): void {
    this.change();
    this.arena.reset();
    this.i32[this.state + CUT_LEFT] = 0;
    const { word, granules } = this.objects;
    this.i32.fill(0, word, word + Math.ceil(granules / 16));
  }

  verify(): void {
    this.arena.verify();
  }

  saveState(pointer: number): void {
    this.arena.saveState(pointer);
    this.objects.saveState(pointer + ARENA_STATE_BYTES);
  }

  loadState(pointer: number): void {
    this.arena.loadState(pointer);
    this.objects.loadState(pointer + ARENA_STATE_BYTES);
    this.follow();
  }

  destroy(): void {
    this.arena.destroy();
    if (isDestroyed(this.memory)) this.objects.forget();
    else this.objects.drop();
  }

  /** A block by itself, from whichever function takes it from the arena. */
  private takeWhole(bytes: number, take: () => number): number {
    const block = this.takeCovered(bytes, take);
    if (block !== 0) this.objects.set(block | 0, LIVE);
    return block | 0;
  }

  /**
   * A further chunk; it follows the last one where it can. Once the arena has given it nothing is called but to cover it, so that a full stack cannot
   * stop it half-way.
   * @returns false when there is no room
   */
  private takeChunk(): boolean {
    const { arena, left, state } = this;
    if (this.memory.shared) requireStack(LAYERS);
    else cutting.require(left);
    this.changes = (this.changes + 1) | 0;
    const bytes = (this.i32[state + NEXT_CHUNK_BYTES] as number) || FIRST_CHUNK_BYTES;
    const mark = arena.mark();
    const start = arena.tryAlloc(bytes) | 0;
    if (start === 0) {
      // A smaller one may fit, and objects by themselves take longer.
      this.i32[state + NEXT_CHUNK_BYTES] = Math.max(bytes / 2, FIRST_CHUNK_BYTES);
      return false;
    }
    const end = (((start - this.lo) | 0) >>> GRANULE_SHIFT) + bytes / GRANULE;
    if (end > this.granules && !this.cover(start, bytes, mark)) return false;
    const { i32 } = this;
    const follows = left > 0 && (((i32[state + CUT_CURSOR] as number) + left) | 0) === start;
    if (!follows) i32[state + CUT_CURSOR] = start;
    i32[state + CUT_LEFT] = follows ? left + bytes : bytes;
    i32[state + NEXT_CHUNK_BYTES] = bytes < MAX_CHUNK_BYTES ? 2 * bytes : bytes;
    cutting.ran();
    return true;
  }

  /** What `take` takes from the arena, once the table covers it; 0 when there is no room for one of them. */
  private takeCovered(bytes: number, take: () => number): number {
    this.change();
    const mark = this.arena.mark();
    const block = take();
    if (block === 0) return 0;
    const end = ((((block | 0) - this.lo) | 0) >>> GRANULE_SHIFT) + bytes / GRANULE;
    return end <= this.granules || this.cover(block, bytes, mark) ? block : 0;
  }

  /** Makes the table cover a block; where it has no room for that, what was taken since the mark is the arena's again. */
  private cover(block: number, bytes: number, mark: ArenaMark): boolean {
    let covered = 0;
    try {
      requireStack(LAYERS);
      covered = zeroIfFull(() => this.coverBytes(block >>> 0, bytes));
    } finally {
      if (covered === 0) this.takeBack(mark);
    }
    if (covered === 0) this.arena.trim();
    return covered > 0;
  }

  private takeBack(mark: ArenaMark): void {
    try {
      this.arena.rewind(mark);
    } catch {
      // The stack is full: the arena keeps it until it is reset.
    }
  }

  private coverBytes(block: number, bytes: number): number {
    this.objects.cover(block, block + bytes);
    this.follow();
    return this.granules;
  }

  private stateOf(block: number): number {
    return this.objects.covers(block) ? this.objects.get(block) : 0;
  }

  /** Bytes that are left in the chunk. */
  private get left(): number {
    return this.i32[this.state + CUT_LEFT] as number;
  }

  private forgetChunk(): void {
    this.i32.fill(0, this.state + CUT_CURSOR, this.state + NEXT_CHUNK_BYTES + 1);
  }

  private follow(): void {
    const { lo, granules, word } = this.objects;
    this.lo = lo;
    this.granules = granules;
    this.i32[this.state + CUT_TABLE] = word - (lo >>> TABLE_WORD_SHIFT);
  }

  /** What follows changes what other threads have to load, and to save that must not fail for want of stack. */
  private change(): void {
    requireStack(LAYERS);
    this.changes = (this.changes + 1) | 0;
  }
}
