import { type AddressSpace, MorphError, PAGE_BYTES } from "@morph/memory";
import { binOf, type Chunks } from "./chunks.ts";
import { CLASSES, slotsOf, sparseSlots } from "./classes.ts";
import type { HugeObjects } from "./huge-objects.ts";
import {
  AGE,
  BIN_BITS,
  BIN_COUNT,
  BIN_GROUPS,
  BINS,
  CLASS,
  CLASS_MASK,
  CLASS_OF_SIZE,
  CONTROL_BYTES,
  COVER,
  DIRECTORY_WORDS,
  FULL,
  GRANULE_BYTES,
  INFO,
  LARGEST,
  LAST_END,
  LAST_SLOT,
  NEXT,
  NO_SLAB,
  ONE_SLOT,
  POINTER,
  PREVIOUS,
  RECORD_NUMBER,
  SHAPE,
  SLAB_OF_WORD,
  SLABS,
  SPACE,
  SPAN_BYTES,
  SPAN_GRANULES,
  SPARSE,
  SPARSE_SLABS,
  TABLE_SPANS,
  UNOWNED,
  WAITING,
  WAITING_SIZES,
  WHERE,
} from "./layout.ts";

/** The counts of a heap, which `verify` compares with what it finds. */
export interface Counted {
  readonly memory: AddressSpace;
  readonly owner: number;
  readonly chunks: Chunks;
  /** Live bytes, in 16s. */
  readonly live: number;
  readonly slabs: number;
  readonly pages: number;
  readonly huge: HugeObjects;
  /** Whether no operation is under way that has taken pages which are not counted yet. */
  readonly settled: boolean;
}

/**
 * Walks a heap's whole structure. O(spans + bins).
 * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address
 */
export function verifyHeap(heap: Counted): void {
  const { chunks } = heap;
  heap.huge.verify(heap.owner);
  const found = {
    live: heap.huge.pages * 4096,
    slabs: 0,
    full: 0,
    spans: 0,
    binned: new Set<number>(),
    victim: -1,
    waiting: 0,
  };
  // Where the chunk that runs into the next span starts and ends.
  let start = -1;
  let end = -1;
  for (let mib = 0; mib < DIRECTORY_WORDS; mib++) {
    const table = chunks.i32[chunks.directory + mib] as number;
    if (table === 0) {
      if (end > mib * TABLE_SPANS * SPAN_GRANULES) throw broken(start, "a chunk runs into a MiB without records");
      continue;
    }
    for (let span = mib * TABLE_SPANS; span < (mib + 1) * TABLE_SPANS; span++) {
      const record = table + ((span & RECORD_NUMBER) << 4);
      const word = (index: number): number => chunks.i32[record + index] as number;
      if (word(POINTER) >>> 0 !== span * SPAN_BYTES)
        throw broken(span * SPAN_GRANULES, "the span's record is another's");
      const info = word(INFO);
      const base = span * SPAN_GRANULES;
      if (info !== SPACE) {
        if (end > base) throw broken(start, "a chunk runs into a span that is not of the space");
        if (info === UNOWNED) continue;
      }
      found.spans++;
      if (heap.memory.ownerOf(span * SPAN_BYTES) !== heap.owner) throw broken(base, "the page is not the heap's");
      if (info !== SPACE) {
        found.slabs++;
        if ((info & FULL) !== 0) found.full++;
        found.live += verifySlab(chunks, record, base);
        continue;
      }
      if (((word(1) as number) & ~(word(0) as number)) !== 0) throw broken(base, "a chunk is live that starts nowhere");
      let largest = 0;
      let at = base;
      if (end > base) {
        const covered = Math.min(end, base + SPAN_GRANULES);
        if (end <= base + SPAN_GRANULES && word(COVER) !== start)
          throw broken(base, `the chunk that covers it starts at ${pointerOf(start)}, which is not noted`);
        at = covered;
        for (let inside = base; inside < covered; inside++) {
          if (startsAt(chunks, record, inside)) throw broken(inside, "a chunk starts inside another one");
        }
      }
      while (at < base + SPAN_GRANULES) {
        if (!startsAt(chunks, record, at)) throw broken(at, "no chunk starts where the one before it ends");
        const next = chunks.endOf(record, at);
        if (next <= at) throw broken(at, `the chunk ends at ${pointerOf(next)}`);
        const free = chunks.isFree(record, at);
        if (!free) found.live += (next - at) * (GRANULE_BYTES / 16);
        const before = chunks.before(at);
        const neighbour = before < 0 ? 0 : chunks.record(before >>> 5);
        if (before >= 0 && chunks.endOf(neighbour, before) !== at)
          throw broken(at, "the chunk before it ends elsewhere");
        const waits = free && chunks.isWaiting(at, next - at);
        if (waits) found.waiting++;
        else if (free && before >= 0 && chunks.isFree(neighbour, before) && !chunks.isWaiting(before, at - before)) {
          throw broken(at, "two free chunks are not merged");
        }
        if (free && at === chunks.victim) {
          if (next - at !== chunks.victimSize || waits)
            throw broken(at, "the victim has another size, or waits for its size");
          found.victim = at;
        } else if (free && !waits && next - at > largest) {
          largest = next - at;
        }
        [start, end, at] = [at, next, next];
        if (next >= base + SPAN_GRANULES && word(LAST_END) !== next) throw broken(start, "its end is not noted");
      }
      if (word(LARGEST) !== largest) throw broken(base, `${word(LARGEST)} granules are noted as free, not ${largest}`);
      if (largest > 0) {
        const where = base + word(WHERE);
        if (!chunks.isFree(record, where) || chunks.endOf(record, where) - where !== largest) {
          throw broken(where, "it is noted as the span's largest free chunk and is not");
        }
        found.binned.add(record);
      }
    }
  }
  const waiting = countWaiting(chunks);
  if (found.waiting !== waiting) {
    throw broken(0, `${waiting} chunks are noted as waiting for their size, the records have ${found.waiting}`);
  }
  if (found.victim !== chunks.victim) throw broken(chunks.victim, "the victim is no free chunk");
  if (found.spans * SPAN_BYTES !== heap.pages * PAGE_BYTES) {
    throw broken(0, `${heap.pages} pages are counted, the records have ${found.spans} spans`);
  }
  if (found.slabs !== heap.slabs) throw broken(0, `${heap.slabs} slabs are counted, the records have ${found.slabs}`);
  if (found.live !== heap.live) {
    throw broken(0, `${heap.live * 16} bytes are counted as live, the records have ${found.live * 16}`);
  }
  verifyBins(chunks, found.binned);
  const listed = verifyClasses(chunks);
  if (listed !== found.slabs - found.full) {
    throw broken(0, `${found.slabs - found.full} slabs have free slots, the lists have ${listed}`);
  }
  const owned = ownedPages(heap.memory, heap.owner);
  if (heap.settled && owned !== heap.pages + heap.huge.pages) {
    throw broken(0, `${heap.pages + heap.huge.pages} pages are counted, the memory says that ${owned} are the heap's`);
  }
}

/** Returns the live bytes of a slab, in 16s. */
function verifySlab(chunks: Chunks, record: number, base: number): number {
  const { i32 } = chunks;
  const info = i32[record + INFO] as number;
  const c = info & CLASS_MASK;
  if (!CLASSES.includes(c) || (info & SHAPE) !== (c | (Math.ceil(16_384 / c) << 7)) || i32[record + CLASS] !== c) {
    throw broken(base, "the slab has no class");
  }
  if ((i32[record + LAST_SLOT] as number) >>> 0 !== base * GRANULE_BYTES + SPAN_BYTES - c * 16) {
    throw broken(base, "the slab's slots lie elsewhere");
  }
  const slots = slotsOf(c);
  let used = 0;
  for (let slot = 0; slot < 256; slot++) {
    const free = (i32[record + (slot >>> 5)] as number) << slot < 0;
    if (slot >= slots && free) throw broken(base, "a slot beyond the slab is free");
    if (slot < slots && !free) used++;
  }
  const current = (i32[chunks.control + SLABS + c] as number) === record;
  if ((info & FULL) !== 0 && used !== slots) throw broken(base, "the slab is noted as full and is not");
  const uncounted = current || (info & FULL) !== 0 || i32[record + AGE] === SPARSE ? 0 : sparseSlots(c);
  if (!current && Math.floor(info / ONE_SLOT) + 1 + uncounted !== used)
    throw broken(base, `the slab does not count its ${used} slots`);
  if (!current && used === 0) throw broken(base, "the slab is empty and was not given up");
  return used * c;
}

function countWaiting({ i32, control }: Chunks): number {
  let count = 0;
  for (let word = control + WAITING; word < control + WAITING + 2 * WAITING_SIZES; word++) if (i32[word] !== 0) count++;
  return count;
}

function verifyBins(chunks: Chunks, binned: Set<number>): void {
  const { i32, control } = chunks;
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    const node = control + BINS + bin * 2 - NEXT;
    const bits = i32[control + BIN_BITS + (bin >>> 5)] as number;
    let record = i32[node + NEXT] as number;
    if ((record !== node) !== (((bits >>> bin) & 1) === 1)) throw broken(0, `the bit of bin ${bin} is wrong`);
    if ((bits !== 0) !== ((((i32[control + BIN_GROUPS] as number) >>> (bin >>> 5)) & 1) === 1)) {
      throw broken(0, `the bit of the group of bin ${bin} is wrong`);
    }
    let before = node;
    for (; record !== node; record = i32[record + NEXT] as number) {
      const base = (i32[record + POINTER] as number) >>> 7;
      if (!binned.delete(record)) throw broken(base, `bin ${bin} lists a span twice or one without a free chunk`);
      if (binOf(i32[record + LARGEST] as number) !== bin) throw broken(base, `the span is in bin ${bin}`);
      if (i32[record + PREVIOUS] !== before) throw broken(base, `bin ${bin} does not lead back from it`);
      before = record;
    }
    if (i32[node + PREVIOUS] !== before) throw broken(0, `bin ${bin} does not end with its last span`);
  }
  for (const record of binned) throw broken((i32[record + POINTER] as number) >>> 7, "the span is in no bin");
}

/** Returns how many slabs the lists have. */
function verifyClasses(chunks: Chunks): number {
  const { i32, control } = chunks;
  let lower = 0;
  let listed = 0;
  for (const c of CLASSES) {
    const first = i32[control + SLABS + c] as number;
    for (let i = lower; i < c; i++) {
      const word = i32[control + i] as number;
      if (i32[control + CLASS_OF_SIZE + i] !== c) throw broken(0, `${(i + 1) * 16} bytes have the wrong class`);
      if (first === 0 ? word !== control + NO_SLAB : (word & SLAB_OF_WORD) !== first) {
        throw broken(0, `sizes up to ${(i + 1) * 16} are not served by the first slab of their class`);
      }
    }
    lower = c;
    for (const list of [SLABS, SPARSE_SLABS]) {
      const head = i32[control + list + c] as number;
      let record = head;
      for (let left = CONTROL_BYTES * CONTROL_BYTES; record !== 0; left--) {
        const base = (i32[record + POINTER] as number) >>> 7;
        const info = i32[record + INFO] as number;
        const here = (i32[record + AGE] === SPARSE) === (list === SPARSE_SLABS);
        if ((info & CLASS_MASK) !== c || (info & FULL) !== 0 || !here || left === 0) {
          throw broken(base, `the list of class ${c} leads astray`);
        }
        const next = i32[record + NEXT] as number;
        listed++;
        if (i32[next + PREVIOUS] !== record) throw broken(base, `the list of class ${c} does not lead back to it`);
        record = next === head ? 0 : next;
      }
    }
  }
  if (i32[control + NO_SLAB] !== 0) throw broken(0, "there are slots without a slab");
  return listed;
}

/** Pages that are the heap's as the memory knows it. */
function ownedPages(memory: AddressSpace, owner: number): number {
  const { i32, pageMap } = memory;
  let pages = 0;
  for (let page = Math.min(memory.pageMapLength, i32.length / (PAGE_BYTES / 4)) - 1; page >= 0; page--) {
    if (i32[pageMap / 4 + page] === owner) pages++;
  }
  return pages;
}

function startsAt(chunks: Chunks, record: number, granule: number): boolean {
  return chunks.isLive(record, granule) || chunks.isFree(record, granule);
}

function pointerOf(granule: number): number {
  return granule * GRANULE_BYTES;
}

function broken(granule: number, what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the heap is broken at ${pointerOf(granule)}: ${what}`);
}
