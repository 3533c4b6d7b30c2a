import { type AddressSpace, FREED, MorphError, PAGE_BYTES, type StateTable } from "@morph/memory";
import type { Pool } from "@morph/pool";
import { FREE_SEAL, HEADER_BYTES, RUN_SEAL } from "./header.ts";
import { RUN_CURSORS, RUN_ENDS, RUNS } from "./state-layout.ts";

/*
 * Where small objects come from. For each size class, words of the context's state say:
 *
 *   head ───> slot ───> slot ───> 0       the free list: slots that were freed, the last one first
 *   cursor ──────────────────> end        the free run: slots side by side, which nobody reads or writes before they are handed out
 *   runs ───> run ───> run ───> 0         further runs: after a reset every page of the class is one
 *
 * In the memory:
 *
 *   a slot of the free list ┌────────┬────────────┬────────┐     a run, in its first slot ┌────────┬───────┬────────┬────────┐
 *                           │ link   │ as it was  │ seal   │                              │ link   │ end   │ as was │ seal   │
 *                           └────────┴────────────┴────────┘                              └────────┴───────┴────────┴────────┘
 *
 * To take a slot off the list, or from the run when the list is empty, is part of `MemoryContext.alloc`. All else is here.
 */

/** Words of the object table for a page. */
const PAGE_WORDS = PAGE_BYTES / 256;

/** The context, as its slots see it. */
export interface SlotOwner {
  /** Called before a page is taken. @throws ERR_MORPH_OUT_OF_MEMORY when the context may not have it */
  beforePage(): void;
  /** Makes the object table cover some bytes. @throws ERR_MORPH_OUT_OF_MEMORY; then nothing has changed */
  cover(start: number, end: number): void;
  /** @throws ERR_MORPH_DESTROYED */
  requireAlive(): void;
}

/** The free slots of a context's size classes; see above. */
export class FreeSlots {
  /** The memory; whoever owns the slots replaces it when the views change. */
  i32: Int32Array;
  private readonly memory: AddressSpace;
  /** Word index of the heads. */
  private readonly heads: number;
  private readonly classes: readonly Pool[];
  /** Free slots, and all in a free run, are FREED there. */
  private readonly objects: StateTable;
  private readonly owner: SlotOwner;

  constructor(memory: AddressSpace, heads: number, classes: readonly Pool[], objects: StateTable, owner: SlotOwner) {
    this.memory = memory;
    this.i32 = memory.i32;
    this.heads = heads;
    this.classes = classes;
    this.objects = objects;
    this.owner = owner;
  }

  /**
   * Makes sure that `alloc` finds a slot of the class. O(1), but for a new page, and for a list to be mended.
   * @returns false when the pool has none
   */
  prepare(index: number): boolean {
    // Growth listeners, called when a page is taken, may take its slots.
    while (!this.isReady(index)) {
      try {
        this.takePage(index);
      } catch (error) {
        if ((error as MorphError).code !== "ERR_MORPH_OUT_OF_MEMORY") throw error;
        return false;
      }
    }
    return true;
  }

  /** Puts a slot on the free list. O(1). */
  push(index: number, p: number): void {
    const list = this.heads + index;
    const next = this.i32[list] as number;
    this.objects.set(p, FREED);
    this.i32[p >>> 2] = next;
    this.i32[(p >>> 2) + 3] = next ^ p ^ FREE_SEAL;
    this.i32[list] = p;
  }

  /** Makes every slot a free one, and of the rest of the object table nothing. O(pages). */
  freeAll(): void {
    const { i32, objects } = this;
    const owners = this.classes.map(({ owner }) => owner);
    for (let index = 0; index < owners.length; index++) this.forget(index);
    const end = objects.word + (objects.granules >>> 4);
    const pages = Math.ceil((end - objects.word) / PAGE_WORDS);
    // From the highest page down, so that the lowest is the first to be used.
    for (let n = pages - 1; n >= 0; n--) {
      const page = (objects.lo >>> 0) + n * PAGE_BYTES;
      const word = objects.word + n * PAGE_WORDS;
      const index = owners.indexOf(this.memory.ownerOf(page));
      i32.fill(index < 0 ? 0 : freeSlotsOf(index), word, Math.min(word + PAGE_WORDS, end));
      if (index >= 0) this.pushRun(index, page, page + PAGE_BYTES);
    }
  }

  /** Returns the pages in which no object lives to the memory. O(slots). @returns their bytes */
  returnPages(): number {
    let bytes = 0;
    for (const [index, pool] of this.classes.entries()) {
      const slots = new Map<number, number[]>();
      for (const slot of pool.liveSlots()) {
        const page = Math.floor(slot / PAGE_BYTES);
        const others = slots.get(page);
        if (others === undefined) slots.set(page, [slot]);
        else others.push(slot);
      }
      const isFree = (slot: number): boolean => this.objects.get(slot | 0) === FREED;
      const unused = [...slots.values()].filter((page) => page.every(isFree)).flat();
      if (unused.length === 0) continue;
      for (const slot of unused) {
        this.objects.set(slot | 0, 0);
        pool.free(slot);
      }
      this.mend(index);
      bytes += pool.trim();
    }
    return bytes;
  }

  /**
   * Walks the free slots of a class. O(slots).
   * @param free how many there are
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address
   */
  verify(index: number, free: number): void {
    const pool = this.classes[index]!;
    let found = 0;
    const check = (p: number, sound: boolean): void => {
      found++;
      if (found <= free && sound && pool.owns(p >>> 0) && this.objects.get(p) === FREED) return;
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `the context is broken: the free list of ${pool.slotSize} bytes is damaged at ${p >>> 0}`,
      );
    };
    const { i32 } = this;
    for (let p = i32[this.heads + index] as number; p !== 0; p = i32[p >>> 2] as number) check(p, this.isLinked(p));
    const checkRun = (start: number, end: number): void => {
      for (let p = start; p !== end; p = (p + pool.slotSize) | 0) check(p, true);
    };
    checkRun(i32[this.heads + RUN_CURSORS + index] as number, i32[this.heads + RUN_ENDS + index] as number);
    for (let run = i32[this.heads + RUNS + index] as number; run !== 0; run = i32[run >>> 2] as number) {
      if (!this.isRun(run)) check(run, false);
      checkRun(run, i32[(run >>> 2) + 1] as number);
    }
    if (found === free) return;
    throw new MorphError(
      "ERR_MORPH_INVALID_POINTER",
      `the context is broken: the free list of ${pool.slotSize} bytes has ${found} of ${free} slots`,
    );
  }

  private isReady(index: number): boolean {
    const { i32, heads } = this;
    const head = i32[heads + index] as number;
    const run = i32[heads + RUNS + index] as number;
    // Something wrote over a link.
    if ((head !== 0 && !this.isLinked(head)) || (run !== 0 && !this.isRun(run))) this.mend(index);
    if (i32[heads + index] !== 0 || i32[heads + RUN_CURSORS + index] !== i32[heads + RUN_ENDS + index]) return true;
    if (i32[heads + RUNS + index] === 0) return false;
    i32[heads + RUN_CURSORS + index] = run;
    i32[heads + RUN_ENDS + index] = i32[(run >>> 2) + 1] as number;
    i32[heads + RUNS + index] = i32[run >>> 2] as number;
    return true;
  }

  private takePage(index: number): void {
    const pool = this.classes[index]!;
    const { slotSize } = pool;
    this.owner.beforePage();
    // Growth listeners wait until the page is a free run, or given back: there is no page in between that they could reset.
    this.memory.atomically(() => {
      const page = pool.allocRun(PAGE_BYTES / slotSize);
      const end = page + PAGE_BYTES;
      try {
        if (isAtTheEnd(end, slotSize)) refuseLastSlot();
        this.owner.cover(page, end);
      } catch (error) {
        for (let slot = page; slot < end; slot += slotSize) pool.free(slot);
        pool.trim();
        throw error;
      }
      this.objects.setEach(page | 0, slotSize, PAGE_BYTES / slotSize, FREED);
      this.pushRun(index, page, end);
    });
    this.owner.requireAlive();
  }

  private pushRun(index: number, start: number, end: number): void {
    const { i32 } = this;
    const runs = this.heads + RUNS + index;
    const next = i32[runs] as number;
    const word = start >>> 2;
    i32[word] = next;
    i32[word + 1] = end;
    i32[word + 3] = next ^ end ^ start ^ RUN_SEAL;
    i32[runs] = start;
  }

  /** Makes the free list anew, lowest slot first, from the object table. O(pages of the memory + slots). */
  private mend(index: number): void {
    this.forget(index);
    const slots = [...this.classes[index]!.liveSlots()].filter((slot) => this.objects.get(slot | 0) === FREED);
    for (const slot of slots.reverse()) this.push(index, slot | 0);
  }

  private forget(index: number): void {
    for (const words of [0, RUN_CURSORS, RUN_ENDS, RUNS]) this.i32[this.heads + words + index] = 0;
  }

  private isLinked(p: number): boolean {
    return this.i32[(p >>> 2) + 3] === ((this.i32[p >>> 2] as number) ^ p ^ FREE_SEAL);
  }

  private isRun(p: number): boolean {
    const word = p >>> 2;
    const { i32 } = this;
    return i32[word + 3] === ((i32[word] as number) ^ (i32[word + 1] as number) ^ p ^ RUN_SEAL);
  }
}

/** A word of the object table where all slots of a class are free. */
function freeSlotsOf(index: number): number {
  let word = 0;
  for (let bit = 0; bit < 32; bit += 2 << index) word |= FREED << bit;
  return word;
}

/** Whether a run ends where an object of size 0, only a header, would have pointer 2^32. */
function isAtTheEnd(end: number, slotSize: number): boolean {
  return end === 2 ** 32 && slotSize === HEADER_BYTES;
}

/** The arena or the heap then serves, with a larger block. */
function refuseLastSlot(): never {
  throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", "the last 16 bytes of 4 GiB have no pointer behind them");
}
