import type { AddressSpace } from "@morph/memory";
import {
  BIN_BITS,
  BIN_COUNT,
  BIN_GROUPS,
  BIN_NODES,
  BINS,
  CLASS_MASK,
  COVER,
  DIRECTORY_WORDS,
  END_INDEX,
  END_OF_MEMORY,
  FORMER_CLASS,
  FREED,
  GRANULE_INDEX,
  IN_GRANULE,
  INFO,
  LARGEST,
  LAST_END,
  LIVE,
  NEXT,
  POINTER,
  PREVIOUS,
  RECORD_INDEX,
  RECORD_NUMBER,
  SIXTEENTH,
  SPACE,
  SPAN_GRANULES,
  SPAN_START,
  TABLE_BYTES,
  TABLE_SPANS,
  UNOWNED,
  WAITING,
  WAITING_BITS,
  WAITING_SIZES,
  WHERE,
  WORD_INDEX,
} from "./layout.ts";

/**
 * The space that larger objects share: chunks of any size that tile the heap's pages, apart from those 4 KiB spans
 * that are slabs. Free neighbours are coalesced at once, on both sides, so that between two free chunks there is always a live one, or one that waits for its size.
 *
 * Free chunks are found as in TLSF (two-level segregated fit; Masmano et al. 2004): bins of sizes, 32 to each power of
 * two, and a bit for each bin, so that finding one that fits, splitting and coalescing are O(1). Unlike in TLSF nothing
 * lies in the chunks (layout: `layout.ts`): a bin lists spans, each under the largest free chunk that starts in it.
 *
 * Granules (128 bytes) count places and sizes. Records are named by their word index; 0 is none.
 */
export class Chunks {
  /** The memory; replaced when the views change. */
  i32: Int32Array;
  /** Word index of the directory and of the control table. */
  directory = 0;
  control = 0;
  /**
   * The free chunk that requests are cut from one after the other, -1 when there is none, and its size: dlmalloc's
   * designated victim. It is in no bin, so cutting from it and merging with it again costs nothing there.
   */
  victim = -1;
  victimSize = 0;
  /** Granules of the chunk that `free` freed last, and of the free chunk that `coalesce` made last. */
  freed = 0;
  freeSize = 0;
  /** Counts, modulo 2^32, how often there has become more free space. A search that found nothing will find nothing until it changes. */
  releases = 0;
  /** From this granule on nothing was handed out since the memory gave the pages as zeros. */
  fresh = 0;
  /** What `fresh` was before the last chunk that goes beyond it was handed out. */
  zeroedFrom = 0;

  // The size and alignment that `search` did not find last, and the count of releases then.
  private searchedAt = -1;
  private searchedFor = 0;
  private searchedAlign = 0;
  private readonly memory: AddressSpace;

  constructor(memory: AddressSpace) {
    this.memory = memory;
    this.i32 = new Int32Array(0);
  }

  // --- records -------------------------------------------------------------------------------------------------------

  // Masks tell V8 that a word index is positive and small, so that adding to it needs no check.

  /** The record of a span below 2^20; 0 when its MiB has no table. O(1). */
  record(span: number): number {
    const table = (this.i32[(this.directory & RECORD_INDEX) + (span >>> 8)] as number) & RECORD_INDEX;
    return table === 0 ? 0 : table + ((span & RECORD_NUMBER) << 4);
  }

  /** The record of the span in which a granule lies, when that span is of the space; else 0. O(1). */
  spaceAt(granule: number): number {
    if (granule >= END_OF_MEMORY) return 0;
    const record = this.record(granule >>> 5);
    return record !== 0 && this.i32[record + INFO] === SPACE ? record : 0;
  }

  /** Whether the spans of a MiB of addresses have records. O(1). */
  hasRecords(mib: number): boolean {
    return this.i32[this.directory + mib] !== 0;
  }

  /** Makes a table of zeros, named by its word index, the records of a MiB of addresses. O(1). */
  addRecords(mib: number, table: number): void {
    const { i32 } = this;
    for (let span = 0; span < TABLE_SPANS; span++) i32[table + (span << 4) + POINTER] = (mib << 20) | (span << 12);
    i32[this.directory + mib] = table;
  }

  /**
   * Releases the record tables in which no span has an owner, or all of them. O(MiB of addresses).
   * @returns their bytes
   */
  dropRecords(all: boolean): number {
    let bytes = 0;
    for (let mib = 0; mib < DIRECTORY_WORDS; mib++) {
      const table = this.i32[this.directory + mib] as number;
      if (table === 0 || !(all || this.isUnused(table))) continue;
      this.i32[this.directory + mib] = 0;
      this.memory.releaseTable(table * 4, TABLE_BYTES);
      bytes += TABLE_BYTES;
    }
    return bytes;
  }

  private isUnused(table: number): boolean {
    for (let span = 0; span < TABLE_SPANS; span++) {
      if (this.i32[table + (span << 4) + INFO] !== UNOWNED) return false;
    }
    return true;
  }

  // --- chunks --------------------------------------------------------------------------------------------------------

  /** Whether a live chunk starts at the granule. O(1). */
  isLive(record: number, granule: number): boolean {
    return ((this.i32[record + LIVE] as number) & (1 << granule)) !== 0;
  }

  /** Whether a free chunk starts at the granule. O(1). */
  isFree(record: number, granule: number): boolean {
    return ((this.i32[record] as number) & ~(this.i32[record + LIVE] as number) & (1 << granule)) !== 0;
  }

  /** Whether an object that started at a signed pointer in a span that is no slab was freed. O(1). */
  wasFreed(record: number, p: number): boolean {
    if ((p & IN_GRANULE) === 0 && ((this.i32[record + FREED] as number) & (1 << (p >>> 7))) !== 0) return true;
    const c = this.i32[record + FORMER_CLASS] as number;
    return c !== 0 && (256 - ((p >>> 4) & SIXTEENTH)) % c === 0;
  }

  /** Granules of the chunk that starts at the granule. O(1). */
  sizeOf(record: number, granule: number): number {
    return this.endOf(record, granule) - granule;
  }

  /** Where the chunk ends that starts at the granule, or covers it. O(1). */
  endOf(record: number, granule: number): number {
    // The next start is in this span or in another one.
    const bits = (this.i32[record] as number) & (-2 << granule);
    if (bits !== 0) return (granule & SPAN_START) + 31 - Math.clz32(bits & -bits);
    return this.i32[record + LAST_END] as number;
  }

  /** Where the chunk starts that covers a granule; -1 when it is not of the space. O(spans of the chunk). */
  covering(granule: number): number {
    for (let end = granule + 1; ; end = ((end - 1) >>> 5) * SPAN_GRANULES) {
      const record = end === 0 ? 0 : this.spaceAt(end - 1);
      if (record === 0) return -1;
      for (let at = end - 1; at >= ((end - 1) & -32); at--) {
        if (this.isLive(record, at) || this.isFree(record, at)) return at;
      }
    }
  }

  /** Where the chunk starts that ends at the granule, -1 when no space is there. O(1). */
  before(granule: number): number {
    const last = granule - 1;
    const record = last < 0 ? 0 : this.spaceAt(last);
    if (record === 0) return -1;
    const bits = (this.i32[record] as number) & (-1 >>> (31 - (last & 31)));
    return bits !== 0 ? (last & -32) + 31 - Math.clz32(bits) : (this.i32[record + COVER] as number);
  }

  /**
   * Takes a chunk: the largest of a span whose largest is little larger, or the victim when that is smaller. `Heap` itself takes chunks that wait for
   * exactly that size. O(1).
   * Like `coalesce` it is one long method on purpose: calls between methods on the same words cost half of the time.
   * @returns its first granule, -1 when none is found: see `search`
   */
  take(granules: number): number {
    const i32 = this.i32;
    const control = this.control & RECORD_INDEX;
    // The size's own bin also has smaller sizes, so only its first span is looked at; then the next bin's first.
    let bin = binOf(granules);
    let record = (i32[control + BINS + bin + bin] as number) & WORD_INDEX;
    if (record === control + BIN_NODES + bin + bin || (i32[record + LARGEST] as number) < granules) {
      bin++;
      let group = bin >>> 5;
      let bits = (i32[control + BIN_BITS + group] as number) & (-1 << bin);
      if (bits === 0) {
        const groups = (i32[control + BIN_GROUPS] as number) & (-2 << group);
        if (groups !== 0) {
          group = 31 - Math.clz32(groups & -groups);
          bits = i32[control + BIN_BITS + group] as number;
        }
      }
      bin = (group << 5) + 31 - Math.clz32(bits & -bits);
      record = bits === 0 ? 0 : (i32[control + BINS + bin + bin] as number) & WORD_INDEX;
    }
    const size = this.victimSize;
    if (size >= granules && (record === 0 || size <= (i32[record + LARGEST] as number)))
      return this.cutVictim(granules);
    return record === 0 ? -1 : this.takeFrom(record, granules);
  }

  private cutVictim(granules: number): number {
    const i32 = this.i32;
    const start = this.victim & GRANULE_INDEX;
    const record = this.record(start >>> 5);
    if (start + granules > this.fresh) this.handOut(start + granules);
    const live = record + LIVE;
    i32[live] = (i32[live] as number) | (1 << start);
    const left = this.victimSize - granules;
    this.victimSize = left;
    if (left === 0) {
      this.victim = -1;
      return start;
    }
    const end = start + granules;
    this.victim = end;
    let other = record;
    const past = (start & 31) + granules;
    if (past >= 32) {
      i32[record + LAST_END] = end;
      other = this.record(end >>> 5);
      if (past > 32) i32[((end & 31) === 0 ? this.record((end >>> 5) - 1) : other) + COVER] = start;
    }
    i32[other] = (i32[other] as number) | (1 << end);
    if ((end & 31) + left >= 32) {
      i32[other + LAST_END] = end + left;
      if ((end & 31) + left > 32) i32[this.record((end + left - 1) >>> 5) + COVER] = end;
    }
    return start;
  }

  /** Puts the victim into its bin; there is none then. O(1). */
  binVictim(): void {
    const { victim, victimSize } = this;
    if (victim < 0) return;
    this.victim = -1;
    this.victimSize = 0;
    const record = this.record(victim >>> 5);
    if (victimSize > (this.i32[record + LARGEST] as number)) this.rebin(record, victimSize, victim & 31);
  }

  private takeFrom(span: number, granules: number): number {
    const i32 = this.i32;
    const record = span & RECORD_INDEX;
    const base = (i32[record + POINTER] as number) >>> 7;
    const at = i32[record + WHERE] as number;
    const start = base + at;
    if (start + granules > this.fresh) this.handOut(start + granules);
    const live = record + LIVE;
    i32[live] = (i32[live] as number) | (1 << at);
    // The largest of the span's other free chunks; mostly there is none.
    const starts = i32[record] as number;
    let free = starts & ~(i32[record + LIVE] as number);
    const victim = this.victim - base;
    if (victim >>> 0 < 32) free &= ~(1 << victim);
    let rest = 0;
    let where = 0;
    while (free !== 0) {
      const bit = free & -free;
      free ^= bit;
      const place = 31 - Math.clz32(bit);
      const next = starts & -bit & ~bit;
      const size =
        next !== 0 ? 31 - Math.clz32(next & -next) - place : (i32[record + LAST_END] as number) - base - place;
      if (size > rest && !(size < WAITING_SIZES && this.isWaiting(base + place, size))) {
        rest = size;
        where = place;
      }
    }
    const left = (i32[record + LARGEST] as number) - granules;
    if (left === 0) {
      this.rebin(record, rest, where);
      return start;
    }
    // What is left starts here or in another span.
    const end = start + granules;
    const past = at + granules;
    let other = record;
    if (past >= 32) {
      i32[record + LAST_END] = end;
      other = this.record(end >>> 5);
      if (past > 32) i32[((end & 31) === 0 ? this.record((end >>> 5) - 1) : other) + COVER] = start;
    }
    i32[other] = (i32[other] as number) | (1 << end);
    if ((end & 31) + left >= 32) this.bound(other, end, left);
    if (left > this.victimSize) {
      this.rebin(record, rest, where);
      this.binVictim();
      this.victim = end;
      this.victimSize = left;
    } else if (other === record) {
      if (left > rest) this.rebin(record, left, end & 31);
      else this.rebin(record, rest, where);
    } else {
      this.rebin(record, rest, where);
      if (left > (i32[other + LARGEST] as number)) this.rebin(other, left, end & 31);
    }
    return start;
  }

  /**
   * Takes a chunk that starts at a multiple of `align` granules, a power of two. It looks at the first span of each bin that may have one; those of
   * bins that are larger by twice the alignment always have. O(1), as the bins are so many.
   */
  takeAligned(granules: number, align: number): number {
    this.binVictim();
    for (let bin = this.nextBin(binOf(granules)); bin >= 0; bin = this.nextBin(bin + 1)) {
      const granule = this.splitFrom(this.i32[this.control + BINS + bin * 2] as number, granules, align);
      if (granule >= 0) return granule;
    }
    return -1;
  }

  /**
   * Takes a chunk that `take` and `takeAligned` miss because they look at one span of a bin only: it looks at all. O(spans), O(1) when it found
   * nothing of that size and alignment before and nothing was freed since.
   */
  search(granules: number, align: number): number {
    if (this.releases === this.searchedAt && granules >= this.searchedFor && align >= this.searchedAlign) return -1;
    this.binVictim();
    for (const record of this.spansWithFree(granules)) {
      const granule = this.splitFrom(record, granules, align);
      if (granule >= 0) return granule;
    }
    this.searchedAt = this.releases;
    this.searchedFor = granules;
    this.searchedAlign = align;
    return -1;
  }

  /**
   * Frees a live object's chunk. A chunk of less than 5 KiB waits for the next request of exactly its size, instead of being coalesced. At most two of each
   * size wait: a third one has the oldest coalesced. O(1).
   * @returns where the free chunk starts that coalescing made, whose size is in `freeSize`; -1 when nothing was coalesced
   */
  free(span: number, place: number): number {
    const i32 = this.i32;
    const record = span & RECORD_INDEX;
    const granule = place & GRANULE_INDEX;
    const bit = 1 << granule;
    i32[record + FREED] = (i32[record + FREED] as number) | bit;
    const size = this.endOf(record, granule) - granule;
    this.freed = size;
    if (size >= WAITING_SIZES) return this.coalesce(record, granule);
    i32[record + LIVE] = (i32[record + LIVE] as number) & ~bit;
    const bits = (this.control & RECORD_INDEX) + WAITING_BITS;
    i32[bits] = (i32[bits] as number) | (1 << size);
    const waiting = bits + 1 + (size << 1);
    const out = (i32[waiting + 1] as number) & GRANULE_INDEX;
    i32[waiting + 1] = i32[waiting] as number;
    i32[waiting] = granule;
    return out === 0 ? -1 : this.coalesce(this.record(out >>> 5), out);
  }

  /** Whether a free chunk is one of those that wait for their size. O(1). */
  isWaiting(granule: number, size: number): boolean {
    if (size >= WAITING_SIZES) return false;
    const waiting = (this.control & RECORD_INDEX) + WAITING + (size << 1);
    return this.i32[waiting] === granule || this.i32[waiting + 1] === granule;
  }

  /**
   * Coalesces all chunks that wait for their size. O(sizes).
   * @param released called with the start of each free chunk that this makes, whose size is in `freeSize`; if it throws, what is left waits on
   */
  coalesceWaiting(released?: (start: number) => void): void {
    const { i32, control } = this;
    let bits = i32[control + WAITING_BITS] as number;
    while (bits !== 0) {
      const bit = 31 - Math.clz32(bits & -bits);
      // One bit stands for all sizes with the same remainder.
      for (let size = bit; size < WAITING_SIZES; size += 32) {
        const waiting = control + WAITING + size * 2;
        this.coalesceOne(waiting, released);
        this.coalesceOne(waiting + 1, released);
      }
      bits &= bits - 1;
      i32[control + WAITING_BITS] = bits;
    }
  }

  private coalesceOne(word: number, released?: (start: number) => void): void {
    const granule = this.i32[word] as number;
    if (granule === 0) return;
    this.i32[word] = 0;
    const start = this.coalesce(this.record(granule >>> 5), granule);
    released?.(start);
  }

  /** Coalesces a free chunk if it waits for its size. */
  private stopWaiting(granule: number): void {
    const record = this.record(granule >>> 5);
    const size = this.sizeOf(record, granule);
    if (!this.isWaiting(granule, size)) return;
    const waiting = this.control + WAITING + size * 2;
    if (this.i32[waiting] === granule) this.i32[waiting] = this.i32[waiting + 1] as number;
    this.i32[waiting + 1] = 0;
    this.coalesce(record, granule);
  }

  /** Notes that what lies in front of this granule is handed out, where nothing was before. */
  private handOut(end: number): void {
    this.zeroedFrom = this.fresh;
    this.fresh = end;
  }

  /**
   * Makes a chunk that is in no bin a free one, and merges it with its free neighbours. O(1).
   * @returns where the free chunk now starts; `freeSize` tells its size
   */
  coalesce(span: number, place: number): number {
    const i32 = this.i32;
    const record = span & RECORD_INDEX;
    const granule = place & GRANULE_INDEX;
    const bit = 1 << granule;

    const end = this.endOf(record, granule) & END_INDEX;
    let size = end - granule;
    this.releases = (this.releases + 1) | 0;

    // The neighbour behind: its start becomes the inside of this chunk.
    const after = (end ^ granule) >>> 5 === 0 ? record : this.spaceAt(end);
    let gone = 0;
    if (after !== 0) {
      const starts = i32[after] as number;
      const lives = i32[after + LIVE] as number;
      const behind = 1 << end;
      if ((starts & ~lives & behind) !== 0) {
        gone = this.endOf(after, end) - end;
        if (gone < WAITING_SIZES && this.isWaiting(end, gone)) {
          gone = 0;
        } else {
          size += gone;
          i32[after] = starts ^ behind;
        }
      }
    }

    // The neighbour before, found in this span's bits, or in another span.
    let first = record;
    let before: number;
    const bits = (i32[record] as number) & (bit - 1);
    if (bits !== 0) {
      before = (granule & SPAN_START) + 31 - Math.clz32(bits);
    } else {
      before = (granule & 31) === 0 ? this.before(granule) : (i32[record + COVER] as number);
      first = before < 0 ? 0 : this.record(before >>> 5);
    }
    let start = granule;
    if (first !== 0 && this.isFree(first, before) && !this.isWaiting(before, granule - before)) {
      size += granule - before;
      start = before;
      i32[record] = (i32[record] as number) & ~bit;
    } else {
      first = record;
    }
    i32[record + LIVE] = (i32[record + LIVE] as number) & ~bit;
    this.freeSize = size;

    const past = (start & 31) + size;
    if (past >= 32) {
      i32[first + LAST_END] = start + size;
      if (past > 32) i32[this.record((start + size - 1) >>> 5) + COVER] = start;
    }
    const victim = this.victim;
    if (victim === start || victim === end) {
      // What merges with the victim becomes the victim.
      this.victim = start;
      this.victimSize = size;
      if (victim === start) {
        if (gone !== 0 && gone === i32[after + LARGEST]) this.rescan(after);
      } else if (start !== granule && granule - start === i32[first + LARGEST]) {
        this.rescan(first);
      }
      return start;
    }
    if (gone !== 0 && after !== first && gone === i32[after + LARGEST]) this.rescan(after);
    if (size > (i32[first + LARGEST] as number)) this.rebin(first, size, start & 31);
    return start;
  }

  /**
   * Makes a live chunk longer by what is free behind it. O(1).
   * @returns whether it could; `false` changes nothing
   */
  extend(record: number, granule: number, granules: number): boolean {
    const size = this.sizeOf(record, granule);
    const end = granule + size;
    const after = this.spaceAt(end);
    if (after === 0 || !this.isFree(after, end)) return false;
    this.stopWaiting(end);
    const total = size + this.sizeOf(after, end);
    if (total < granules) return false;
    if (granule + granules > this.fresh) this.handOut(granule + granules);
    this.binVictim();
    this.i32[after] = (this.i32[after] as number) & ~(1 << end);
    const other = this.cut(record, granule, granules, total);
    this.rescan(after);
    if (other !== 0 && other !== after) this.rescan(other);
    return true;
  }

  /** Makes a live chunk shorter and frees the rest. O(1). @returns where the free chunk that this gives starts */
  shrink(record: number, granule: number, granules: number): number {
    const size = this.sizeOf(record, granule);
    const rest = granule + granules;
    const other = this.record(rest >>> 5);
    this.i32[other] = (this.i32[other] as number) | (1 << rest);
    this.i32[other + LIVE] = (this.i32[other + LIVE] as number) | (1 << rest);
    this.bound(record, granule, granules);
    this.bound(other, rest, size - granules);
    return this.coalesce(other, rest);
  }

  /** Makes unowned spans that have records a free part of the space. O(spans). @returns its start */
  addSpans(firstSpan: number, spans: number): number {
    for (let span = firstSpan; span < firstSpan + spans; span++) {
      const record = this.record(span);
      this.i32[record + INFO] = SPACE;
      this.i32[record + LARGEST] = 0;
    }
    return this.addChunk(firstSpan, spans);
  }

  /** Makes a slab a free part of the space again; every slot of it counts as freed. O(1). @returns its start */
  addSpan(record: number): number {
    const { i32 } = this;
    i32[record] = i32[record + LIVE] = i32[record + FREED] = 0;
    i32[record + FORMER_CLASS] = (i32[record + INFO] as number) & CLASS_MASK;
    i32[record + INFO] = SPACE;
    i32[record + LARGEST] = 0;
    return this.addChunk((i32[record + POINTER] as number) >>> 12, 1);
  }

  /** Takes whole spans out of a free chunk, and out of the space: they are unowned then. O(spans). */
  removeSpans(granule: number, firstSpan: number, spans: number): void {
    this.binVictim();
    const start = firstSpan * SPAN_GRANULES;
    const size = this.sizeOf(this.record(granule >>> 5), granule);
    this.split(granule, size, start, spans * SPAN_GRANULES);
    for (let span = firstSpan; span < firstSpan + spans; span++) {
      const record = this.record(span);
      this.i32[record + INFO] = UNOWNED;
      // The words that tell of freed objects stay.
      this.i32[record] = this.i32[record + LIVE] = 0;
    }
  }

  private addChunk(firstSpan: number, spans: number): number {
    const record = this.record(firstSpan);
    const start = firstSpan * SPAN_GRANULES;
    this.i32[record] = (this.i32[record] as number) | 1;
    this.i32[record + LIVE] = (this.i32[record + LIVE] as number) | 1;
    this.bound(record, start, spans * SPAN_GRANULES);
    return this.coalesce(record, start);
  }

  private splitFrom(record: number, granules: number, align: number): number {
    const { i32 } = this;
    const base = (i32[record + POINTER] as number) >>> 7;
    let bits = (i32[record] as number) & ~(i32[record + LIVE] as number);
    while (bits !== 0) {
      const bit = bits & -bits;
      bits ^= bit;
      const start = base + 31 - Math.clz32(bit);
      const size = this.sizeOf(record, start);
      const aligned = (start + align - 1) & -align;
      if (aligned + granules <= start + size && !this.isWaiting(start, size)) {
        this.split(start, size, aligned, granules);
        return aligned;
      }
    }
    return -1;
  }

  /** Makes a part of the free chunk of `size` at `start` a live one of `granules` at `place`. */
  private split(start: number, size: number, place: number, granules: number): void {
    const { i32 } = this;
    const first = this.record(start >>> 5);
    const record = this.record(place >>> 5);
    if (place + granules > this.fresh) this.handOut(place + granules);
    if (place > start) this.bound(first, start, place - start);
    i32[record] = (i32[record] as number) | (1 << place);
    i32[record + LIVE] = (i32[record + LIVE] as number) | (1 << place);
    const other = this.cut(record, place, granules, size - (place - start));
    this.rescan(first);
    if (other !== 0 && other !== first) this.rescan(other);
  }

  /**
   * Bounds a live chunk of `granules`; what is left of `total` behind it becomes a free one, whose span the caller puts in
   * its bin. Returns that span's record, 0 when nothing is left.
   */
  private cut(record: number, granule: number, granules: number, total: number): number {
    this.bound(record, granule, granules);
    if (total === granules) return 0;
    const end = granule + granules;
    const other = this.record(end >>> 5);
    this.i32[other] = (this.i32[other] as number) | (1 << end);
    this.bound(other, end, total - granules);
    return other;
  }

  /** Notes where a chunk ends, in the spans whose bits do not say it. */
  private bound(record: number, granule: number, granules: number): void {
    const past = (granule & 31) + granules;
    if (past < 32) return;
    this.i32[record + LAST_END] = granule + granules;
    if (past > 32) this.i32[this.record((granule + granules - 1) >>> 5) + COVER] = granule;
  }

  // --- bins ----------------------------------------------------------------------------------------------------------

  /** The first bin from this one on that is not empty; -1 when all are. */
  private nextBin(bin: number): number {
    const { i32, control } = this;
    let group = bin >>> 5;
    let bits = (i32[control + BIN_BITS + group] as number) & (-1 << bin);
    if (bits === 0) {
      const groups = (i32[control + BIN_GROUPS] as number) & (-2 << group);
      if (groups === 0) return -1;
      group = 31 - Math.clz32(groups & -groups);
      bits = i32[control + BIN_BITS + group] as number;
    }
    return (group << 5) + 31 - Math.clz32(bits & -bits);
  }

  /** Finds the largest free chunk of a span again, and puts the span into its bin. */
  private rescan(span: number): void {
    const i32 = this.i32;
    const record = span & RECORD_INDEX;
    const base = (i32[record + POINTER] as number) >>> 7;
    let largest = 0;
    let where = 0;
    let bits = (i32[record] as number) & ~(i32[record + LIVE] as number);
    while (bits !== 0) {
      const bit = bits & -bits;
      bits ^= bit;
      const start = base + 31 - Math.clz32(bit);
      if (start === this.victim) continue;
      const size = this.sizeOf(record, start);
      if (size > largest && !this.isWaiting(start, size)) {
        largest = size;
        where = start & 31;
      }
    }
    this.rebin(record, largest, where);
  }

  /** Notes the size and the place of a span's largest free chunk, 0 when it has none, and moves the span to its bin. */
  private rebin(span: number, largest: number, where: number): void {
    const i32 = this.i32;
    const record = span & RECORD_INDEX;
    const control = this.control & RECORD_INDEX;
    const old = (i32[record + LARGEST] as number) & GRANULE_INDEX;
    i32[record + LARGEST] = largest;
    i32[record + WHERE] = where;
    const from = binOf(old);
    const to = binOf(largest);
    if (from === to) return;
    if (old !== 0) {
      const next = (i32[record + NEXT] as number) & WORD_INDEX;
      const previous = (i32[record + PREVIOUS] as number) & WORD_INDEX;
      i32[previous + NEXT] = next;
      i32[next + PREVIOUS] = previous;
      if (next === previous) {
        // Both are the bin itself.
        const word = control + BIN_BITS + (from >>> 5);
        const bits = (i32[word] as number) & ~(1 << from);
        i32[word] = bits;
        if (bits === 0) i32[control + BIN_GROUPS] = (i32[control + BIN_GROUPS] as number) & ~(1 << (from >>> 5));
      }
    }
    if (largest !== 0) {
      const node = control + BIN_NODES + to + to;
      const head = (i32[node + NEXT] as number) & WORD_INDEX;
      i32[record + NEXT] = head;
      i32[record + PREVIOUS] = node;
      i32[head + PREVIOUS] = record;
      i32[node + NEXT] = record;
      const word = control + BIN_BITS + (to >>> 5);
      i32[word] = (i32[word] as number) | (1 << to);
      i32[control + BIN_GROUPS] = (i32[control + BIN_GROUPS] as number) | (1 << (to >>> 5));
    }
  }

  /** The records of the spans in which a free chunk of that many granules or more starts, but for the victim. O(bins + spans). */
  spansWithFree(granules: number): number[] {
    const found: number[] = [];
    for (let bin = this.nextBin(binOf(granules)); bin >= 0; bin = this.nextBin(bin + 1)) {
      const node = this.control + BINS + bin * 2 - NEXT;
      for (let record = this.i32[node + NEXT]; record !== node; record = this.i32[(record as number) + NEXT]) {
        found.push(record as number);
      }
    }
    return found;
  }

  /** Makes every bin an empty ring. O(bins). */
  clearBins(): void {
    for (let bin = 0; bin < BIN_COUNT; bin++) {
      const node = this.control + BINS + bin * 2 - NEXT;
      this.i32[node + NEXT] = this.i32[node + PREVIOUS] = node;
    }
  }
}

/** The bin of a size in granules: exact below 32, then 32 bins to each power of two. */
export function binOf(granules: number): number {
  if (granules < 32) return granules;
  const log = 31 - Math.clz32(granules);
  return ((log - 4) << 5) + ((granules >>> (log - 5)) & 31);
}
