import { type AddressSpace, MorphError, PAGE_BYTES, requireStack } from "@morph/memory";
import type { Pool } from "@morph/pool";
import { HEADER_BYTES, overwritten, RUN_SEAL } from "./header.ts";
import { RUN_CURSORS, RUN_ENDS, RUNS } from "./state-layout.ts";

/*
 * Where small objects come from. For each size class, words of the context's state say:
 *
 *   head ───> slot ───> slot ───> 0       the free list: slots that were freed, the last one first, then those of a run
 *   cursor ──────────────────> end        the free run: slots side by side, which nobody reads or writes before they go on the list
 *   runs ───> run ───> run ───> 0         further runs: after a reset every page of the class is one
 *
 * All of these, and the links, are word indexes (pointer / 4): `alloc` then need not compute one, and an index is never negative.
 *
 * In the memory:
 *
 *   a slot of the free list ┌────────┬────────────┬────────┐     a run, in its first slot ┌────────┬───────┬────────┬────────┐
 *                           │ link   │ as it was  │ seal   │                              │ link   │ end   │ as was │ seal   │
 *                           └────────┴────────────┴────────┘                              └────────┴───────┴────────┴────────┘
 *
 * To take a slot off the list, and to put it there, is part of `MemoryContext.alloc` and `free`. All else is here.
 */

/** Slots of the run that go on the list at a time: seldom enough, and so few that fresh memory is touched shortly before it is used. */
const CARVED_SLOTS = 64;

/** What it takes to make a list anew; see `requireStack` of `@morph/memory`. */
const MEND_CALLS = 110;

/** The context, as its slots see it. */
export interface SlotOwner {
  /** Called before a page is taken; returns whether the context may have it. */
  mayTakePage(): boolean;
  /** Whether the slot at a signed pointer has a live object's header that is as it was written. */
  isLive(p: number): boolean;
  /** How many slots of a class are free, as the statistics know it. */
  freeCount(index: number): number;
}

/** The free slots of a context's size classes; see above. */
export class FreeSlots {
  /** The memory; whoever owns the slots replaces it when the views change. */
  i32: Int32Array;
  private readonly memory: AddressSpace;
  /** Word index of the heads. */
  private readonly heads: number;
  private readonly classes: readonly Pool[];
  private readonly owner: SlotOwner;

  constructor(memory: AddressSpace, heads: number, classes: readonly Pool[], owner: SlotOwner) {
    this.memory = memory;
    this.i32 = memory.i32;
    this.heads = heads;
    this.classes = classes;
    this.owner = owner;
  }

  /**
   * Makes sure that `alloc` finds a slot of the class. O(1), but for a new page, and for a list to be mended.
   * @returns false when the pool has none
   */
  prepare(index: number): boolean {
    return this.isReady(index) || (this.takePage(index) && this.isReady(index));
  }

  /** Puts the slot at a signed pointer on the free list. O(1). */
  push(index: number, p: number): void {
    const { i32 } = this;
    const list = this.heads + index;
    const word = p >>> 2;
    const next = i32[list] as number;
    i32[word] = next;
    i32[word + 3] = next ^ word;
    i32[list] = word;
  }

  /**
   * Makes every slot a free one, and returns the pages that were not used since the last time to the memory: the next frame may need
   * another class. O(pages of the memory).
   */
  freeAll(): void {
    const owners = this.classes.map(({ owner }) => owner);
    const unused = owners.map((_, index) => this.untouched(index));
    for (let index = 0; index < owners.length; index++) this.forget(index);
    // From the highest page down, so that the lowest is the first to be used.
    for (let page = this.memory.u8.length - PAGE_BYTES; page >= 0; page -= PAGE_BYTES) {
      const index = owners.indexOf(this.memory.ownerOf(page));
      if (index >= 0 && !unused[index]!.has(page)) this.pushRun(index, page, page + PAGE_BYTES);
    }
    for (const [index, pages] of unused.entries()) this.release(index, [...pages]);
  }

  /** Returns the pages in which no object lives to the memory. O(slots). @returns their bytes */
  returnPages(): number {
    let bytes = 0;
    for (const [index, { slotSize }] of this.classes.entries()) {
      // With fewer free slots than a page has, no page is empty.
      if (this.owner.freeCount(index) * slotSize < PAGE_BYTES) continue;
      bytes += this.release(index, this.rebuild(index, true));
    }
    return bytes;
  }

  /** Index of the class that has a slot at a signed pointer; -1 when none has. O(1). */
  classAt(p: number): number {
    const owner = this.memory.ownerOf(p >>> 0);
    const index = this.classes.findIndex((pool) => pool.owner === owner);
    return index >= 0 && p % this.classes[index]!.slotSize === 0 ? index : -1;
  }

  /** Whether the slot of a class at a signed pointer, which holds no live object, is on the free list or in a free run. O(1). */
  isFree(index: number, p: number): boolean {
    const word = p >>> 2;
    if (this.isLinked(word)) return true;
    const { i32, heads } = this;
    const inRun = word >= i32[heads + RUN_CURSORS + index]! && word < i32[heads + RUN_ENDS + index]!;
    // All further runs are whole pages.
    return inRun || this.isRunOrNone((p & -PAGE_BYTES) >>> 2);
  }

  /**
   * Walks the slots of a class, free and live. O(slots).
   * @returns the signed pointers of the live ones, ascending
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address
   */
  verify(index: number): number[] {
    const pool = this.classes[index]!;
    const count = this.owner.freeCount(index);
    const damaged = (what: string): MorphError =>
      new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `the context is broken: the free list of ${pool.slotSize} bytes ${what}`,
      );
    const free = new Set<number>();
    for (const slot of this.freeSlots(index, (word) => damaged(`is damaged at ${word * 4}`))) {
      if (free.has(slot) || !pool.owns(slot) || this.owner.isLive(slot | 0)) throw damaged(`is damaged at ${slot}`);
      free.add(slot);
    }
    const live: number[] = [];
    for (const slot of pool.liveObjects()) {
      if (free.has(slot)) continue;
      if (!this.owner.isLive(slot | 0)) throw overwritten(slot + HEADER_BYTES);
      live.push(slot | 0);
    }
    if (free.size !== count) throw damaged(`has ${free.size} of ${count} slots`);
    return live;
  }

  /** Puts the next slots of the free run on the free list, when that is empty. O(1). @returns false when it is not, or there is no run */
  carve(index: number): boolean {
    const { i32, heads } = this;
    const list = heads + index;
    if (i32[list] !== 0) return false;
    const cursor = i32[list + RUN_CURSORS] as number;
    const words = 4 << index;
    const last = i32[list + RUN_ENDS] as number;
    if (last === cursor) return false;
    // From here on nothing is called, so that a stack that is full cannot leave it half done.
    const end = last - cursor > CARVED_SLOTS * words ? cursor + CARVED_SLOTS * words : last;
    i32[list + RUN_CURSORS] = end;
    // The lowest comes first.
    for (let word = cursor; word < end; word += words) {
      const next = word + words < end ? word + words : 0;
      i32[word] = next;
      i32[word + 3] = next ^ word;
    }
    i32[list] = cursor;
    return true;
  }

  /** Whether there is a slot of the class, or a run of them; makes it ready. O(1), but for a list to be mended. */
  isReady(index: number): boolean {
    const { i32, heads } = this;
    const head = i32[heads + index] as number;
    // Something wrote over a link.
    if ((head !== 0 && !this.isLinked(head)) || !this.isRunOrNone(i32[heads + RUNS + index] as number))
      this.mend(index);
    if (i32[heads + index] !== 0 || this.carve(index)) return true;
    const run = i32[heads + RUNS + index] as number;
    if (run === 0) return false;
    i32[heads + RUN_CURSORS + index] = run;
    i32[heads + RUN_ENDS + index] = i32[run + 1] as number;
    i32[heads + RUNS + index] = i32[run] as number;
    return this.carve(index);
  }

  /** @returns false when the pool has none; then nothing has changed */
  private takePage(index: number): boolean {
    const pool = this.classes[index]!;
    const { slotSize } = pool;
    if (!this.owner.mayTakePage()) return false;
    const page = pool.tryAllocRun(PAGE_BYTES / slotSize);
    if (page === 0) return false;
    const end = page + PAGE_BYTES;
    if (isAtTheEnd(end, slotSize)) {
      // The last slot would be an object of size 0, only a header, with pointer 2^32. The arena or the heap then serves, with larger blocks.
      this.release(index, [page]);
      return false;
    }
    this.pushRun(index, page, end);
    return true;
  }

  private pushRun(index: number, start: number, end: number): void {
    const { i32 } = this;
    const runs = this.heads + RUNS + index;
    const next = i32[runs] as number;
    const word = start / 4;
    const endWord = end / 4;
    i32[word] = next;
    i32[word + 1] = endWord;
    i32[word + 3] = next ^ endWord ^ word ^ RUN_SEAL;
    i32[runs] = word;
  }

  /** Makes the free list anew, after something wrote over a link of it. O(pages of the memory + slots). */
  private mend(index: number): void {
    requireStack(MEND_CALLS);
    this.rebuild(index, false);
  }

  /**
   * Makes the free list of a class anew, the lowest slot first; there is no run then. O(pages of the memory + slots).
   * @param leaveOut whether pages in which no object lives are left out of it
   * @returns the pages that were left out; when there are none, nothing has changed
   */
  private rebuild(index: number, leaveOut: boolean): number[] {
    const { slotSize } = this.classes[index]!;
    const isFree = this.freeTest(index);
    const pages = this.pagesOf(index);
    const empty = leaveOut ? pages.filter((page) => everySlot(page, slotSize, isFree)) : [];
    if (leaveOut && empty.length === 0) return empty;
    const left = new Set(empty);
    this.forget(index);
    for (const page of pages.toReversed()) {
      if (left.has(page)) continue;
      for (let slot = page + PAGE_BYTES - slotSize; slot >= page; slot -= slotSize) {
        if (isFree(slot)) this.push(index, slot | 0);
      }
    }
    return empty;
  }

  /**
   * Tells which slots of a class are free, also where a link of the list is damaged: those that hold no object, if there are as many as the
   * statistics know. Otherwise an object's header was written over, and what looks neither live nor free may be it: that is not free.
   */
  private freeTest(index: number): (slot: number) => boolean {
    const isUnused = (slot: number): boolean => !this.owner.isLive(slot | 0);
    let unused = 0;
    for (const slot of this.classes[index]!.liveObjects()) if (isUnused(slot)) unused++;
    if (unused === this.owner.freeCount(index)) return isUnused;
    const free = new Set<number>();
    for (const slot of this.classes[index]!.liveObjects()) {
      if (isUnused(slot) && this.isFree(index, slot | 0)) free.add(slot);
    }
    return (slot) => free.has(slot);
  }

  /** Gives pages of a class back that are not on its free list any more. @returns their bytes */
  private release(index: number, pages: readonly number[]): number {
    if (pages.length === 0) return 0;
    const pool = this.classes[index]!;
    for (const page of pages) {
      for (let slot = page; slot < page + PAGE_BYTES; slot += pool.slotSize) pool.free(slot);
    }
    return pool.trim();
  }

  /** The pages of a class, ascending. O(pages of the memory). */
  pagesOf(index: number): number[] {
    const { owner } = this.classes[index]!;
    const pages: number[] = [];
    for (let page = 0; page < this.memory.u8.length; page += PAGE_BYTES) {
      if (this.memory.ownerOf(page) === owner) pages.push(page);
    }
    return pages;
  }

  /** The pages of a class from which no slot was taken since the last reset. */
  private untouched(index: number): Set<number> {
    const pages = new Set<number>();
    const { i32 } = this;
    // Up to where something wrote over one.
    for (
      let run = i32[this.heads + RUNS + index] as number;
      run !== 0 && this.isRunOrNone(run);
      run = i32[run] as number
    ) {
      pages.add(run * 4);
    }
    return pages;
  }

  private forget(index: number): void {
    for (const words of [0, RUN_CURSORS, RUN_ENDS, RUNS]) this.i32[this.heads + words + index] = 0;
  }

  /** The free slots of a class, unsigned: the list's, then the runs'. Throws what `damaged` makes where a link is. */
  private *freeSlots(index: number, damaged: (word: number) => MorphError): Generator<number, void, undefined> {
    const { i32 } = this;
    const { slotSize } = this.classes[index]!;
    for (let word = i32[this.heads + index] as number; word !== 0; word = i32[word] as number) {
      if (!this.isLinked(word)) throw damaged(word);
      yield word * 4;
    }
    for (const { start, end } of this.runsOf(index, damaged)) {
      for (let slot = start; slot < end; slot += slotSize) yield slot;
    }
  }

  /** The free runs of a class, as pointers. Throws what `damaged` makes where something wrote over one. */
  private runsOf(index: number, damaged: (word: number) => MorphError): { start: number; end: number }[] {
    const { i32, heads } = this;
    const runs: { start: number; end: number }[] = [];
    const add = (start: number, end: number): void => {
      runs.push({ start: start * 4, end: end * 4 });
    };
    add(i32[heads + RUN_CURSORS + index] as number, i32[heads + RUN_ENDS + index] as number);
    for (let run = i32[heads + RUNS + index] as number; run !== 0; run = i32[run] as number) {
      if (!this.isRunOrNone(run)) throw damaged(run);
      add(run, i32[run + 1] as number);
    }
    return runs;
  }

  private isLinked(word: number): boolean {
    return this.i32[word + 3] === ((this.i32[word] as number) ^ word);
  }

  private isRunOrNone(word: number): boolean {
    const { i32 } = this;
    return word === 0 || i32[word + 3] === ((i32[word] as number) ^ (i32[word + 1] as number) ^ word ^ RUN_SEAL);
  }
}

function everySlot(page: number, slotSize: number, test: (slot: number) => boolean): boolean {
  for (let slot = page; slot < page + PAGE_BYTES; slot += slotSize) if (!test(slot)) return false;
  return true;
}

/** Whether a run ends where an object of size 0, only a header, would have pointer 2^32. */
function isAtTheEnd(end: number, slotSize: number): boolean {
  return end === 2 ** 32 && slotSize === HEADER_BYTES;
}
