import type { Chunks } from "./chunks.ts";
import { CLASSES, slotsOf, sparseSlots } from "./classes.ts";
import {
  AGE,
  CLASS,
  CLASS_MASK,
  CLASS_OF_SIZE,
  CURRENT,
  FIRST_SLOT,
  FULL,
  INFO,
  LAST_SLOT,
  MAX_CLASS,
  NEW,
  NEXT,
  NO_SLAB,
  ONE_SLOT,
  POINTER,
  PREVIOUS,
  RECORD_INDEX,
  SHAPE,
  SLABS,
  SPAN_BYTES,
  SPARSE,
  SPARSE_SLABS,
  USED_AGAIN,
  WORD_OF_SLOTS,
} from "./layout.ts";
import type { Pages } from "./pages.ts";

/** Slabs of a class that are looked at for an aligned slot, after a search that found none. */
const LOOKED_AT = 8;

/**
 * Slabs are spans cut into equal slots. `Heap` itself takes slots from the word of bits that a class allocates from, and frees slots; which slab a class
 * allocates from, and what becomes of slabs, is decided here.
 *
 * A class allocates from one slab until it is full. Then it takes the next of those that have free slots again: the ones at
 * least half full first, so that sparse ones have time to become empty and go back to the space.
 */
export class Slabs {
  /** Slabs of all classes. */
  count = 0;
  /** The size and alignment that {@link takeAligned} did not find last, and how much was live then. */
  private vain: { size: number; alignment: number; live: number } = { size: 0, alignment: 0, live: -1 };

  private readonly chunks: Chunks;
  private readonly pages: Pages;

  constructor(chunks: Chunks, pages: Pages) {
    this.chunks = chunks;
    this.pages = pages;
  }

  /** The class that serves a size up to 1024: its slot size in 16 bytes. O(1). */
  classOf(size: number): number {
    return this.chunks.i32[this.chunks.control + CLASS_OF_SIZE + ((size - 1) >>> 4)] as number;
  }

  /**
   * Takes a slot when the word that the class allocates from is used up: from another word, or another slab. O(1).
   * @returns its pointer; 0 when no slab of the class has a free slot
   */
  take(c: number): number {
    const { i32 } = this.chunks;
    let record = (i32[(this.chunks.control & RECORD_INDEX) + SLABS + c] as number) & RECORD_INDEX;
    let word = 0;
    while (word === 0) {
      if (record === 0) return 0;
      word = this.wordWithFree(record, c);
      if (word === 0) record = this.retire(record, c);
    }
    this.allocateFrom(c, word);
    const bits = i32[word] as number;
    const slot = ((word & WORD_OF_SLOTS) << 5) | Math.clz32(bits);
    i32[word] = bits ^ (FIRST_SLOT >>> slot);
    return ((i32[record + LAST_SLOT] as number) - ((slot * c) << 4)) >>> 0;
  }

  /** The first word of a slab's bits in which a slot is free; 0 when it is full. */
  private wordWithFree(record: number, c: number): number {
    const { i32 } = this.chunks;
    if (i32[record] !== 0) return record;
    // From 128 bytes on 32 bits are enough.
    if (c >= 8) return 0;
    for (let word = record + 1; word < record + 8; word++) if (i32[word] !== 0) return word;
    return 0;
  }

  /** Takes the full slab that the class allocated from out of its list. @returns the next one, 0 when there is none */
  private retire(record: number, c: number): number {
    const { i32 } = this.chunks;
    i32[record + INFO] = ((i32[record + INFO] as number) & SHAPE) | FULL | ((slotsOf(c) - 1) << 23);
    i32[record + AGE] = USED_AGAIN;
    this.unlink(record, c);
    this.useFirst(c);
    return i32[this.chunks.control + SLABS + c] as number;
  }

  private allocateFrom(c: number, word: number): void {
    const { i32 } = this.chunks;
    const control = this.chunks.control & RECORD_INDEX;
    // Up to 19 each size in 16s has a class of its own.
    let i = c - 1;
    do {
      i32[control + i] = word;
      i--;
    } while (c > 19 && i32[control + CLASS_OF_SIZE + i] === c);
  }

  /** Allocates from the first slab of the class's list from now on, or from a sparse one. */
  private useFirst(c: number): void {
    const { i32 } = this.chunks;
    const control = this.chunks.control & RECORD_INDEX;
    let first = i32[control + SLABS + c] as number;
    if (first === 0) {
      first = i32[control + SPARSE_SLABS + c] as number;
      if (first !== 0) {
        this.unlink(first, c);
        i32[first + AGE] = USED_AGAIN;
        this.append(first, c);
      }
    }
    this.allocateFrom(c, first === 0 ? control + NO_SLAB : first);
    if (first === 0) return;
    // In a new slab, the first `free` is to be noticed.
    i32[first + INFO] = ((i32[first + INFO] as number) & SHAPE) | (i32[first + AGE] === NEW ? 0 : CURRENT);
  }

  /** Called when `free` notices that a full slab has a free slot again, that a slab has become sparse or empty, or that a count has run down. */
  changed(record: number, info: number): void {
    const { i32 } = this.chunks;
    const c = info & CLASS_MASK;
    const first = i32[(this.chunks.control & RECORD_INDEX) + SLABS + c] as number;
    if ((info & FULL) !== 0) {
      // `free` will notice it again when it has become sparse.
      i32[record + INFO] = (info & ~FULL) - (sparseSlots(c) << 23);
      this.append(record, c);
      if (first === 0) this.useFirst(c);
    } else if (record === first) {
      i32[record + INFO] = (info & SHAPE) | CURRENT;
      i32[record + AGE] = USED_AGAIN;
    } else {
      this.unlink(record, c);
      if (i32[record + AGE] === SPARSE) {
        this.dropSlab(record);
        return;
      }
      i32[record + INFO] = (info & SHAPE) | ((sparseSlots(c) - 1) << 23);
      i32[record + AGE] = SPARSE;
      this.append(record, c);
    }
  }

  /** Takes a slot of the smallest class above `c`, up to `most`, that has one free. O(classes). @returns its pointer, or 0 */
  takeLarger(c: number, most: number): number {
    for (const larger of CLASSES) {
      const pointer = larger <= c || larger > most ? 0 : this.take(larger);
      if (pointer !== 0) return pointer;
    }
    return 0;
  }

  /**
   * Takes a free slot of at least `size` bytes that lies at a multiple of `alignment`, a power of two. O(slabs) where a slot size is no multiple of
   * the alignment, mostly O(1) when it found nothing before and as much is live as then.
   * @param live how much is live
   * @returns its pointer, or 0
   */
  takeAligned(size: number, alignment: number, live: number): number {
    const { vain } = this;
    const again = vain.live === live && vain.alignment <= alignment && vain.size <= size;
    for (const c of CLASSES) {
      if (c * 16 < size) continue;
      const pointer =
        (c * 16) % alignment === 0
          ? this.take(c)
          : this.takeAlignedSlot(c, alignment, again ? LOOKED_AT : Number.POSITIVE_INFINITY);
      if (pointer !== 0) return pointer;
    }
    if (!again) this.vain = { size, alignment, live };
    return 0;
  }

  private takeAlignedSlot(c: number, alignment: number, most: number): number {
    const { i32, control } = this.chunks;
    // Slots are counted from the slab's end, which is a multiple of 4 KiB: every so many slots one may be aligned.
    let step = Math.min(alignment, SPAN_BYTES) / 16;
    for (let odd = c; odd % 2 === 0 && step > 1; odd /= 2) step /= 2;
    for (const list of [SLABS, SPARSE_SLABS]) {
      const first = i32[control + list + c] as number;
      let record = first;
      for (let looked = 0; record !== 0 && looked < most; looked++) {
        for (let slot = step - 1; slot < slotsOf(c); slot += step) {
          const pointer = ((i32[record + LAST_SLOT] as number) - slot * c * 16) | 0;
          const isFree = (i32[record + (slot >>> 5)] as number) << slot < 0;
          if (isFree && (pointer & (alignment - 1)) === 0) {
            this.claim(record, c, slot);
            return pointer >>> 0;
          }
        }
        const next = i32[record + NEXT] as number;
        record = next === first ? 0 : next;
      }
    }
    return 0;
  }

  /** Takes a slot of any slab, out of its order. */
  private claim(record: number, c: number, slot: number): void {
    const { i32, control } = this.chunks;
    i32[record + (slot >>> 5)] = (i32[record + (slot >>> 5)] as number) ^ (FIRST_SLOT >>> slot);
    // Slots of the slab that the class allocates from are not counted.
    if (record === i32[control + SLABS + c]) return;
    i32[record + INFO] = ((i32[record + INFO] as number) + ONE_SLOT) | 0;
    if (this.wordWithFree(record, c) !== 0) return;
    this.unlink(record, c);
    i32[record + INFO] = ((i32[record + INFO] as number) & SHAPE) | FULL | ((slotsOf(c) - 1) * ONE_SLOT);
    i32[record + AGE] = USED_AGAIN;
  }

  /** Makes a chunk that is one span a slab of a class without free slots. O(1). */
  addSlab(c: number, granule: number): void {
    const { i32 } = this.chunks;
    const record = this.chunks.record(granule >>> 5);
    const slots = slotsOf(c);
    for (let k = 0; k < 8; k++) i32[record + k] = freeBits(slots - k * 32);
    i32[record + INFO] = c | (Math.ceil(16384 / c) << 7);
    i32[record + AGE] = NEW;
    i32[record + CLASS] = c;
    i32[record + LAST_SLOT] = (i32[record + POINTER]! + SPAN_BYTES - c * 16) | 0;
    this.count++;
    this.append(record, c);
    this.useFirst(c);
  }

  private dropSlab(record: number): void {
    this.count--;
    this.pages.releaseLarge(this.chunks.addSpan(record));
  }

  /** Makes slabs without a live slot, which are kept because their class allocates from them, parts of the space. */
  dropEmpty(): void {
    const { i32, control } = this.chunks;
    for (const c of CLASSES) {
      const record = i32[control + SLABS + c] as number;
      if (record === 0 || !this.isEmpty(record, c)) continue;
      this.unlink(record, c);
      this.useFirst(c);
      this.dropSlab(record);
    }
  }

  private isEmpty(record: number, c: number): boolean {
    const slots = slotsOf(c);
    // In most cases the first word says no.
    if (this.chunks.i32[record] !== (slots >= 32 ? -1 : ~(-1 >>> slots))) return false;
    for (let k = 1; k < 8; k++) if (this.chunks.i32[record + k] !== freeBits(slots - k * 32)) return false;
    return true;
  }

  // A class's slabs with free slots form two rings: those that are at least half full, used first come first served, and
  // the sparse ones, last come first served, so that they have time to become empty.

  private append(record: number, c: number): void {
    const { i32 } = this.chunks;
    const sparse = i32[record + AGE] === SPARSE;
    const list = (this.chunks.control & RECORD_INDEX) + (sparse ? SPARSE_SLABS : SLABS) + c;
    const first = (i32[list] as number) & RECORD_INDEX;
    if (first === 0) {
      i32[list] = i32[record + NEXT] = i32[record + PREVIOUS] = record;
      return;
    }
    const last = (i32[first + PREVIOUS] as number) & RECORD_INDEX;
    i32[record + NEXT] = first;
    i32[record + PREVIOUS] = last;
    i32[last + NEXT] = record;
    i32[first + PREVIOUS] = record;
    if (sparse) i32[list] = record;
  }

  private unlink(record: number, c: number): void {
    const { i32 } = this.chunks;
    const list = (this.chunks.control & RECORD_INDEX) + (i32[record + AGE] === SPARSE ? SPARSE_SLABS : SLABS) + c;
    const next = (i32[record + NEXT] as number) & RECORD_INDEX;
    const previous = (i32[record + PREVIOUS] as number) & RECORD_INDEX;
    i32[previous + NEXT] = next;
    i32[next + PREVIOUS] = previous;
    if (i32[list] === record) i32[list] = next === record ? 0 : next;
  }

  /** Makes the control table that of a heap without slabs and without space. O(bins). */
  clear(): void {
    const { i32, control } = this.chunks;
    this.chunks.clearBins();
    i32.fill(control + NO_SLAB, control, control + MAX_CLASS);
    for (let i = 0; i < MAX_CLASS; i++) i32[control + CLASS_OF_SIZE + i] = CLASSES.find((c) => c > i) as number;
  }
}

/** The word of a slab's bits from which so many slots, or all 32, are free. */
function freeBits(slots: number): number {
  return slots >= 32 ? -1 : slots <= 0 ? 0 : ~(-1 >>> slots);
}
