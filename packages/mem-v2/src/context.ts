import { MorphError, PAGE_BYTES, repeatedRefusal, requireStack } from "@morph/memory";
import { flagsOf, isSize, requireSize, signatureAt, sizeAt, typeOf } from "./header.ts";
import { blockBytes } from "./large-objects.ts";
import {
  ALLOCATED_BYTES,
  CLASS_MASK,
  CLASS_ROUNDING,
  CLASS_SHIFT,
  COUNTER_MASK,
  CUT_CURSOR,
  CUT_LEFT,
  CUT_TABLE,
  CUTS,
  FLAGS_SHIFT,
  FREED_BYTES,
  FREED_COUNTS,
  FREED_OBJECTS,
  GRANULE,
  HEADER_BYTES,
  IN_ARENA,
  KNOWN_TYPES,
  LARGE_HEADER_BYTES,
  LARGE_LIVE,
  LARGE_ROUNDING,
  LARGEST_CUT,
  LARGEST_SMALL,
  LEFT_FULL,
  MAX_BELOW_PEAK,
  MAX_PLAIN,
  MAX_TYPE,
  ONE_CUT,
  ONE_SMALL,
  PEAK,
  PEAK_BEFORE,
  RECORD_SHIFT,
  SIZE_BEFORE,
  SIZE_SHIFT,
  TABLE_BITS_SHIFT,
  TABLE_LIVE,
  TABLE_WORD_SHIFT,
  TOTALS,
  TYPE_SHIFT,
  TYPE_WORDS_SHIFT,
  TYPES,
  WORD_INDEX,
} from "./layout.ts";
import { ObjectStore } from "./object-store.ts";
import { Refusals } from "./refusals.ts";
import { LOCKED_LAYERS } from "./stack.ts";
import { requireType } from "./type-names.ts";

/**
 * Typed objects in linear memory: each has an 8-byte header with its size and type, small ones lie in the slots of size classes, large ones in an
 * arena (in COMPILER mode) or a heap, and every one is counted. It is for one thread; see `SharedContext`.
 */
export class MemoryContext extends ObjectStore {
  /** Whether a refusal is 0 and no exception: in {@link tryAlloc}. */
  private quiet = false;
  /** Objects freed so far when pages without a live object were last looked for and not found. */
  private freedWhenTrimmed = -1;
  private readonly refusals = new Refusals();

  /**
   * Hands out an object; its bytes are whatever they were. O(1), but for new pages now and then.
   * @param size payload bytes, from 0 (a pointer of its own) to what the memory holds
   * @param typeId 0 to 127
   * @returns pointer of the payload, a multiple of 8
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_INVALID_TYPE, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  alloc(size: number, typeId = 0): number {
    // `| 0` on sums: V8 then need not check that they do not overflow. `& WORD_INDEX`, which changes no word index, where another is computed from it:
    // V8 then knows that neither is negative, and need not extend their signs. `!(slot < 1)` for `slot !== 0`, and `(a ^ b) === 0` for `a === b`: of
    // a branch V8 puts first what is done when its condition is false, and hands out registers in that order; with the usual conditions that is
    // the call of the slow path.
    if (typeof size === "number" && typeof typeId === "number") {
      if (size <= LARGEST_SMALL && size >>> 0 === size && (typeId & MAX_TYPE) === typeId) {
        const { i32 } = this;
        const index = (size + CLASS_ROUNDING) >>> CLASS_SHIFT;
        const list = (this.records + (index << RECORD_SHIFT)) & WORD_INDEX;
        const slot = (i32[list] as number) & WORD_INDEX;
        if (!(slot < 1)) {
          const link = i32[slot] as number;
          const signature = slot + 1;
          const { key } = this;
          // Only if something wrote over the link it has another one.
          if (((i32[signature] as number) ^ link ^ slot ^ key) === 0) {
            const pointer = ((slot << 2) + HEADER_BYTES) | 0;
            const tag = (size << SIZE_SHIFT) | (typeId << TYPE_SHIFT) | index;
            i32[list] = link;
            i32[slot] = tag;
            i32[signature] = tag ^ pointer ^ key;
            const below = (this.belowPeak - size) | 0;
            this.belowPeak = below;
            // Written out: once the slot is off the list, nothing may be called that finds the stack full.
            if (below < 0) {
              i32[this.state + PEAK]! -= below;
              this.belowPeak = 0;
            }
            const counter = (this.counts + (tag & COUNTER_MASK)) & WORD_INDEX;
            const sum = ((i32[counter] as number) + (size | ONE_SMALL)) | 0;
            i32[counter] = sum;
            // Last, so that what was loaded before the call is not needed after it.
            if (sum < 0) {
              try {
                this.carry(counter);
              } catch {
                // The stack is full: the next object of the kind tries again, and so does whoever reads the counters.
                i32[this.state + LEFT_FULL] = 1;
              }
            }
            return pointer >>> 0;
          }
        }
      }
    }
    // `>>> 0` here too: otherwise V8 wraps both results up to merge them.
    return this.cut(size, typeId) >>> 0;
  }

  /**
   * As {@link alloc}, with the payload's bytes all 0. O(size); O(1) for a large object in pages that were never used, which hold zeros already.
   */
  allocZeroed(size: number, typeId = 0): number {
    if (typeof size !== "number" || size > LARGEST_SMALL) return this.allocNext(size, typeId, true);
    const pointer = this.alloc(size, typeId);
    // After the allocation, which may have grown the memory.
    const { f64 } = this;
    const start = pointer >>> 3;
    const end = start + ((size + 7) >>> 3);
    const last = end - 1;
    // Nearly all objects are small, and the processor guesses few branches better than a loop's count: so the same word may be cleared twice.
    if (size <= 16) {
      if (size !== 0) f64[start] = f64[last] = 0;
    } else if (size <= 32) {
      f64[start] = f64[start + 1] = f64[last - 1] = f64[last] = 0;
    } else {
      for (let word = start; word < end; word++) f64[word] = 0;
    }
    return pointer;
  }

  /**
   * Frees an object. A small one's slot is reusable at once; so are a large one's bytes, but in COMPILER mode, where it counts as
   * freed and they come back with {@link reset}. O(1).
   * @throws ERR_MORPH_DOUBLE_FREE; ERR_MORPH_INVALID_POINTER for anything else that is not a live object's pointer, or
   *   when something wrote over the object's header; ERR_MORPH_DESTROYED. Nothing changes then.
   */
  free(pointer: number): void {
    if (typeof pointer === "number") {
      const p = pointer | 0;
      const slot = (p - HEADER_BYTES) >>> 2;
      if (slot < this.headers && p >>> 0 === pointer) {
        const { i32, key } = this;
        const tag = i32[slot] as number;
        const signature = slot + 1;
        // 0 only for a live small object, whose signature it is, and only at this very address.
        if (((i32[signature] as number) ^ tag ^ p ^ key) === 0) {
          const list = (this.records + ((tag & CLASS_MASK) << RECORD_SHIFT)) & WORD_INDEX;
          const next = (i32[list] as number) & WORD_INDEX;
          i32[list] = slot;
          i32[slot] = next;
          i32[signature] = next ^ slot ^ key;
          const size = tag >>> SIZE_SHIFT;
          this.belowPeak = (this.belowPeak + size) | 0;
          const counter = (this.counts + (tag & COUNTER_MASK) + FREED_COUNTS) & WORD_INDEX;
          const sum = ((i32[counter] as number) + (size + ONE_SMALL)) | 0;
          i32[counter] = sum;
          if (sum < 0) {
            try {
              this.carry(counter);
            } catch {
              // The stack is full: the next one tries again. Of a kind that is known a full counter can be read as well.
            }
          }
          return;
        }
      }
    }
    this.freeSlow(pointer);
  }

  /**
   * As {@link alloc}, but 0 when the memory is full or a SERVER context is at its limit, without the cost of an exception. O(1).
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_INVALID_TYPE, ERR_MORPH_DESTROYED
   */
  tryAlloc(size: number, typeId = 0): number {
    this.quiet = true;
    try {
      return this.alloc(size, typeId);
    } finally {
      this.quiet = false;
    }
  }

  /**
   * Makes an object larger or smaller: its type stays, and its bytes up to the smaller size. In place where the block has the room, else it moves.
   * It counts as an object freed and one allocated. O(1) in place, else O(size).
   * @returns its pointer now; the old one is not good any more, unless it is the same
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY, and what {@link free} throws; then the object is as it was
   */
  realloc(pointer: number, size: number): number {
    this.begin();
    requireSize(size);
    const word = this.requireLive(pointer);
    const before = sizeAt(this.i32, word);
    const typeId = typeOf(this.i32[word] as number);
    const room = this.roomOf(word);
    let moved = 0;
    if (flagsOf(this.i32[word] as number) === 0) {
      if (size <= LARGEST_SMALL && this.recordOf(size) === this.recordOf(before)) {
        // The slot freed last is the next one: only the header is written.
        this.free(pointer);
        return this.alloc(size, typeId);
      }
    } else if (size > LARGEST_SMALL && size <= room) {
      // Others can use much of it.
      if (this.large.reusesTails && size < room / 2) {
        requireStack(LOCKED_LAYERS);
        moved = this.make(size, typeId, false);
      }
      if (moved === 0) return this.resizeLarge(word, before, size, typeId);
    }
    // From here on it moves, and the old one is freed at the end.
    if (moved === 0) {
      requireStack(LOCKED_LAYERS);
      moved = this.allocOpen(size, typeId, false, () => this.requireLive(pointer));
    }
    this.memory.u8.copyWithin(moved, pointer, pointer + Math.min(before, size));
    this.freeLive(pointer, this.requireLive(pointer));
    return moved;
  }

  /**
   * Returns what the context holds without use to the memory: pages in which no object lives, and, once no large object lives, the arena's. It
   * does so by itself before it refuses an object; call it where others use the same memory. O(pages of the memory + slots).
   * @returns the bytes returned
   * @throws ERR_MORPH_DESTROYED
   */
  trim(): number {
    this.begin(LOCKED_LAYERS);
    const before = this.memory.footprint;
    this.giveBack();
    return before - this.memory.footprint;
  }

  /**
   * Drops every object; types and totals stay, and so do the pages of small objects and the arena's blocks that were in
   * use since the last time, until the next {@link trim}. All other pages go back to the memory. O(pages).
   * @throws ERR_MORPH_DESTROYED
   */
  reset(): void {
    this.begin(LOCKED_LAYERS);
    this.freedWhenTrimmed = -1;
    this.refusals.forget();
    this.large.reset();
    this.classes.reset();
    this.key = this.classes.key;
    this.counters.reset();
    this.lowerLive(this.currentLive);
  }

  /**
   * What `alloc` does when there is no slot on the list: mostly the object is large, and the arena has a chunk that it can be cut from. So short that V8
   * inlines it together with `alloc`.
   */
  private cut(size: number, typeId: number): number {
    if (typeof size === "number" && typeof typeId === "number") {
      if (size > LARGEST_SMALL && (size & LARGEST_CUT) === size && (typeId & MAX_TYPE) === typeId) {
        const { i32, state } = this;
        const bytes = (size + LARGE_ROUNDING) & -GRANULE;
        const left = i32[state + CUT_LEFT] as number;
        if (left >= bytes) {
          const block = i32[state + CUT_CURSOR] as number;
          i32[state + CUT_CURSOR] = (block + bytes) | 0;
          i32[state + CUT_LEFT] = left - bytes;
          i32[(i32[state + CUT_TABLE]! + (block >>> TABLE_WORD_SHIFT)) & WORD_INDEX]! |=
            TABLE_LIVE << (block >>> TABLE_BITS_SHIFT);
          const word = ((block + LARGE_HEADER_BYTES - HEADER_BYTES) | 0) >>> 2;
          const pointer = (block + LARGE_HEADER_BYTES) | 0;
          const tag = (typeId << TYPE_SHIFT) | (IN_ARENA << FLAGS_SHIFT);
          i32[word - SIZE_BEFORE] = size;
          i32[word] = tag;
          i32[word + 1] = ~(tag ^ size ^ pointer ^ this.key);
          const below = (this.belowPeak - size) | 0;
          this.belowPeak = below;
          // As in `alloc`.
          if (below < 0) {
            i32[state + PEAK]! -= below;
            this.belowPeak = 0;
          }
          const counter = state + TYPES + CUTS + (typeId << TYPE_WORDS_SHIFT);
          const sum = ((i32[counter] as number) + (size + ONE_CUT)) | 0;
          i32[counter] = sum;
          if (sum < 0) {
            try {
              this.carry(counter);
            } catch {
              i32[state + LEFT_FULL] = 1;
            }
          }
          return pointer >>> 0;
        }
      }
    }
    return this.allocNext(size, typeId, false) >>> 0;
  }

  // --- slow paths --------------------------------------------------------------------------------------------------

  /** Whatever else is asked for: mostly the next slots of a class, or a large object for which there is no chunk. */
  private allocNext(size: number, typeId: number, zeroed: boolean): number {
    if (this.isPlain(size, typeId)) {
      if (size <= LARGEST_SMALL && this.classes.extend(this.recordOf(size))) return this.alloc(size, typeId);
      // Before stack is asked for, which takes some microseconds.
      if (this.isRefused(size)) return this.refuse(size, true);
      if (this.limit === undefined) {
        if (size > LARGEST_SMALL) {
          const pointer = this.placeLarge(size, typeId, (size + LARGE_ROUNDING) & -GRANULE, zeroed);
          if (pointer !== 0) return pointer;
          this.leaveNoTable();
        } else if (this.classes.prepare(this.recordOf(size))) return this.alloc(size, typeId);
      }
    } else if (isSize(size) && size > MAX_PLAIN && this.isPlain(0, typeId) && this.isRefused(size)) {
      // All but the size is plain, and a refusal computes nothing with that.
      return this.refuse(size, true);
    }
    return this.allocSlow(size, typeId, zeroed);
  }

  /** Whether an object of up to a GiB is asked for with a valid size and type, and the views are not detached. */
  private isPlain(size: number, typeId: number): boolean {
    return (
      typeof size === "number" &&
      typeof typeId === "number" &&
      size <= MAX_PLAIN &&
      size >>> 0 === size &&
      (typeId & MAX_TYPE) === typeId &&
      this.i32.length !== 0
    );
  }

  private allocSlow(size: number, typeId: number, zeroed: boolean): number {
    this.begin();
    requireSize(size);
    requireType(typeId);
    if (size <= LARGEST_SMALL && this.classes.extend(this.recordOf(size))) return this.alloc(size, typeId);
    if (this.isRefused(size)) return this.refuse(size, true);
    return this.allocOpen(size, typeId, zeroed, () => undefined);
  }

  /**
   * With what the context has, or gets from the memory. Nothing is refused while pages without a live object are the context's; a SERVER context's
   * listener hears of pressure before, and may free something.
   * @param recheck called after the listener, which may have freed anything; what it throws ends the call
   */
  private allocOpen(size: number, typeId: number, zeroed: boolean, recheck: () => void): number {
    const { limit } = this;
    const make = (): number =>
      this.make(size, typeId, zeroed) || (this.relieve() ? this.make(size, typeId, zeroed) : 0);
    if (limit !== undefined && this.callOut(() => limit.watch(this.held))) recheck();
    let pointer = make();
    if (pointer === 0 && limit !== undefined && this.callOut(() => limit.callListener(this.held))) {
      recheck();
      pointer = make();
    }
    if (pointer !== 0) return pointer;
    this.leaveNoTable();
    return this.refuse(size, false);
  }

  /** Returns what was taken to look for a large object's place in vain: a table may lie in the page that a smaller object needs. */
  private leaveNoTable(): void {
    const { releases } = this.memory;
    this.large.trim();
    this.refusals.hasReturnedTable = releases !== this.memory.releases;
  }

  /** Lets the user's listener act: it may do anything, even destroy the context. @param call calls it, and returns whether it did */
  private callOut(call: () => boolean): boolean {
    const { quiet } = this;
    this.quiet = false;
    const called = call();
    this.quiet = quiet;
    if (called) this.begin();
    return called;
  }

  /** An object of slots or pages that the context has, or gets. @returns 0 when there are none */
  private make(size: number, typeId: number, zeroed: boolean): number {
    if (size <= LARGEST_SMALL) {
      const record = this.recordOf(size);
      if (this.classes.prepare(record)) return this.alloc(size, typeId);
      // Before large blocks stand in for slots: when no large object lives, their pages can be the slots' again.
      if (this.counters.largeBytes === 0 && this.relieve() && this.classes.prepare(record))
        return this.alloc(size, typeId);
    }
    const { limit, large } = this;
    if (limit !== undefined) large.setLimit(limit.bytes - this.held + large.footprint);
    return this.placeLarge(size, typeId, blockBytes(size), zeroed);
  }

  /** Makes a large object, or a small one for which there is no slot. @returns 0 when there is no room */
  private placeLarge(size: number, typeId: number, bytes: number, zeroed: boolean): number {
    const block = zeroed ? this.large.takeZeroed(bytes) : this.large.take(bytes);
    if (block === 0) return 0;
    // Nothing is called from here on, so that a full stack cannot stop it half-way. To take the block may have grown the memory.
    const { i32, f64, state } = this;
    const word = ((block + LARGE_HEADER_BYTES - HEADER_BYTES) | 0) >>> 2;
    const pointer = (block + LARGE_HEADER_BYTES) | 0;
    const tag = (typeId << TYPE_SHIFT) | (this.large.flag << FLAGS_SHIFT);
    i32[word - SIZE_BEFORE] = size;
    i32[word] = tag;
    i32[word + 1] = ~(tag ^ size ^ pointer ^ this.key);
    const below = this.belowPeak - size;
    if (below >= 0) this.belowPeak = below;
    else {
      i32[state + PEAK]! -= below;
      this.belowPeak = 0;
    }
    const total = (state + TYPES + TOTALS + (typeId << TYPE_WORDS_SHIFT)) >>> 1;
    const objects = f64[total] as number;
    if (objects === 0) i32[state + KNOWN_TYPES + (typeId >>> 5)]! |= 1 << typeId;
    f64[total] = objects + 1;
    f64[(state + LARGE_LIVE) >>> 1]! += size;
    f64[total + ALLOCATED_BYTES]! += size;
    return pointer >>> 0;
  }

  /** Another size for a large object whose block has the room. */
  private resizeLarge(word: number, before: number, size: number, typeId: number): number {
    const { i32 } = this;
    i32[word - SIZE_BEFORE] = size;
    i32[word + 1] = signatureAt(i32, word, this.key);
    this.counters.countResized(typeId, before, size);
    this.lowerLive(before);
    this.raiseLive(size);
    return (word * 4 + HEADER_BYTES) >>> 0;
  }

  private freeSlow(pointer: number): void {
    this.begin();
    this.freeLive(pointer, this.requireLive(pointer));
  }

  /** Frees the live object whose tag stands at a word index. */
  private freeLive(pointer: number, word: number): void {
    const tag = this.i32[word] as number;
    // A small object comes here when the views were detached, or when it moves.
    if (flagsOf(tag) === 0) return void this.free(pointer);
    const size = sizeAt(this.i32, word);
    const type = this.state + TYPES + (typeOf(tag) << TYPE_WORDS_SHIFT);
    const { i32, f64, state } = this;
    this.large.free((pointer - LARGE_HEADER_BYTES) | 0);
    // Nothing is called from here on, so that a full stack cannot stop it half-way.
    const total = (type + TOTALS) >>> 1;
    f64[(state + LARGE_LIVE) >>> 1]! -= size;
    f64[total + FREED_OBJECTS]! += 1;
    f64[total + FREED_BYTES]! += size;
    const below = this.belowPeak + size;
    if (below <= MAX_BELOW_PEAK) this.belowPeak = below;
    else {
      const peak = i32[state + PEAK] as number;
      if (peak >>> 0 > (i32[state + PEAK_BEFORE] as number) >>> 0) i32[state + PEAK_BEFORE] = peak;
      i32[state + PEAK] = (peak - below) | 0;
      this.belowPeak = 0;
    }
  }

  /** Whether an object of that size was refused, and nothing has changed since. O(types). */
  private isRefused(size: number): boolean {
    if (!this.refusals.any || !this.refusals.covers(size, this.counters.freed(), this.memory.releases)) return false;
    if (size <= LARGEST_SMALL && this.classes.isReady(this.recordOf(size))) return false;
    if (size > LARGEST_SMALL && this.refusals.hasReturnedTable) return true;
    if (this.memory.refuses(Math.ceil((size + HEADER_BYTES) / PAGE_BYTES))) return true;
    return this.limit !== undefined && !this.limit.allows(this.held + Math.max(size, PAGE_BYTES));
  }

  private refuse(size: number, again: boolean): number {
    if (!again) this.refusals.note(size, this.counters.freed(), this.memory.releases);
    if (this.quiet) return 0;
    const full = this.limit === undefined ? "the memory is full" : `it may have ${this.limit.bytes} bytes`;
    const message = `no room in the context for an object of ${size} bytes: ${full}`;
    throw again
      ? repeatedRefusal("ERR_MORPH_OUT_OF_MEMORY", message)
      : new MorphError("ERR_MORPH_OUT_OF_MEMORY", message);
  }

  /** Returns pages in which nothing lives; whether there were any. O(types) when nothing was freed since there were none. */
  private relieve(): boolean {
    const freed = this.counters.freed();
    if (freed === this.freedWhenTrimmed) return false;
    if (this.giveBack() > 0) return true;
    this.freedWhenTrimmed = freed;
    return false;
  }

  private recordOf(size: number): number {
    return this.classes.recordOf(size + HEADER_BYTES);
  }
}
