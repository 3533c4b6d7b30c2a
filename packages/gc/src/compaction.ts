/*
 * Empties pages of the old space that are hardly used: their objects move into free slots elsewhere, then all pointers follow. In the nursery there is only what the
 * old space had no room for, and no major collection runs. In a block that is emptied, `MARKS` says which objects went, and the first word of each where to.
 */

import {
  AVAILABLE,
  BITMAP_WORDS,
  BLOCK_MASK,
  BLOCK_SHIFT,
  EMPTIED,
  FLAGS,
  FREE,
  FREE_HIGH,
  FREE_LOW,
  GRANULE_SHIFT,
  HALF_BLOCKS,
  KIND,
  LARGE,
  LARGE_REST,
  LIVE,
  LOGGED,
  MARKS,
  OLD,
  OLD_CURSOR,
  PAGE_BLOCKS,
  POINTERS,
  REMEMBERED_BASE,
  REMEMBERED_CURSOR,
  SEGMENT_BLOCK_MASK,
  SLOT_BYTES,
  SLOTS,
  SPARSE,
  START,
  STATE,
  USED,
  WORD_SHIFT,
  YOUNG,
} from "./layout.ts";
import { clearBit, countBits, liveSlots, setBit, testBit } from "./old-space.ts";
import type { Parts } from "./parts.ts";
import type { Space } from "./space.ts";

/** Pages of which less is live are emptied: three quarters, in bytes. */
const SPARSE_PAGE_BYTES = 49_152;

/** Empties sparse pages, and gives all free pages back. O(live objects + blocks). */
export function compact(parts: Parts): void {
  const { space, old, tracer, roots, handles } = parts;
  old.closeRuns();
  const pages = sparsePages(parts);
  const hidden = hideFreeBlocks(parts, pages);
  listOthers(parts);
  for (const page of pages) for (let i = 0; i < PAGE_BLOCKS; i++) evacuate(parts, page * PAGE_BLOCKS + i);
  forwardFields(parts);
  roots.each((word) => tracer.visit(word));
  handles.eachStrong(false, (pointer) => tracer.forwarded(pointer));
  handles.eachWeak(false, (pointer) => tracer.forwarded(pointer));
  forwardRemembered(parts);
  for (const block of hidden) space.freeBlock(block);
  for (const page of pages) for (let i = 0; i < PAGE_BLOCKS; i++) leave(parts, page * PAGE_BLOCKS + i);
  for (let segment = space.lowSegment; segment <= space.highSegment; segment++) space.releasePages(segment, true);
}

/** Slots of a kind: in all blocks that stay, and needed for those that are emptied. */
interface Room {
  free: number;
  needed: number;
  readonly slots: number;
}

/** Numbers of pages with few live bytes and no large object, the emptiest first, as long as there is room elsewhere for what lies there. */
function sparsePages({ space }: Parts): number[] {
  const { i32 } = space;
  const rooms = new Map<number, Room>();
  const found: { page: number; bytes: number }[] = [];
  for (let first = space.lowBlock; first < space.highBlock; first += PAGE_BLOCKS) {
    let bytes = 0;
    for (let block = first; block < first + PAGE_BLOCKS; block++) {
      const record = space.recordAt(block);
      const state = record === 0 ? 0 : (i32[record + STATE] as number);
      if (state !== OLD) {
        if (state !== FREE) bytes = Number.POSITIVE_INFINITY;
        continue;
      }
      const kind = i32[record + KIND] as number;
      const slots = i32[kind + SLOTS] as number;
      const live = liveSlots(i32, record);
      bytes += live * (i32[kind + SLOT_BYTES] as number);
      const room = rooms.get(kind);
      if (room === undefined) rooms.set(kind, { free: slots - live, needed: 0, slots });
      else room.free += slots - live;
    }
    if (bytes > 0 && bytes <= SPARSE_PAGE_BYTES) found.push({ page: first / PAGE_BLOCKS, bytes });
  }
  found.sort((a, b) => a.bytes - b.bytes);
  let freeBlocks = space.freeBlocks;
  const chosen: number[] = [];
  for (const { page } of found) {
    const left = withoutPage(i32, space, rooms, page, freeBlocks);
    if (left < 0) continue;
    freeBlocks = left;
    chosen.push(page);
    for (let block = page * PAGE_BLOCKS; block < (page + 1) * PAGE_BLOCKS; block++) {
      const record = space.recordAt(block);
      if (i32[record + STATE] === OLD) i32[record + FLAGS] = (i32[record + FLAGS] as number) | SPARSE;
    }
  }
  return chosen;
}

/** Notes that a page is emptied. @returns the free blocks that stay, or less than 0, and nothing noted, when its objects have no room elsewhere */
function withoutPage(
  i32: Int32Array,
  space: Space,
  rooms: Map<number, Room>,
  page: number,
  freeBlocks: number,
): number {
  const blocks: { room: Room; live: number }[] = [];
  let left = freeBlocks;
  for (let block = page * PAGE_BLOCKS; block < (page + 1) * PAGE_BLOCKS; block++) {
    const record = space.recordAt(block);
    if (i32[record + STATE] === FREE) left--;
    else blocks.push({ room: rooms.get(i32[record + KIND] as number) as Room, live: liveSlots(i32, record) });
  }
  for (const { room, live } of blocks) {
    room.free -= room.slots - live;
    room.needed += live;
  }
  let missing = 0;
  for (const { free, needed, slots } of rooms.values()) missing += Math.max(0, Math.ceil((needed - free) / slots));
  if (missing <= left) return left;
  for (const { room, live } of blocks) {
    room.free += room.slots - live;
    room.needed -= live;
  }
  return -1;
}

/** Takes the free blocks of these pages away for a while, so that nothing moves there. */
function hideFreeBlocks({ space }: Parts, pages: readonly number[]): number[] {
  const hidden: number[] = [];
  for (const page of pages) {
    for (let block = page * PAGE_BLOCKS; block < (page + 1) * PAGE_BLOCKS; block++) {
      const record = space.recordAt(block);
      if (space.i32[record + STATE] !== FREE) continue;
      const place = block & SEGMENT_BLOCK_MASK;
      const word = space.recordAt(block - place) + (place < HALF_BLOCKS ? FREE_LOW : FREE_HIGH);
      space.i32[word] = (space.i32[word] as number) & ~(1 << (place & (HALF_BLOCKS - 1)));
      space.freeBlocks--;
      hidden.push(block);
    }
  }
  return hidden;
}

/** Lists the other blocks with free slots anew. */
function listOthers({ space, kinds, old }: Parts): void {
  for (const kind of kinds.all) space.i32[kind + AVAILABLE] = 0;
  for (let block = space.highBlock - 1; block >= space.lowBlock; block--) {
    const record = space.recordAt(block);
    if (record === 0 || space.i32[record + STATE] !== OLD) continue;
    const flags = space.i32[record + FLAGS] as number;
    const slots = space.i32[(space.i32[record + KIND] as number) + SLOTS] as number;
    if ((flags & SPARSE) === 0 && liveSlots(space.i32, record) < slots) old.list(record);
  }
}

/** Moves the objects of a block, as long as there is room. */
function evacuate({ space, old }: Parts, block: number): void {
  const record = space.recordAt(block);
  if (((space.i32[record + FLAGS] as number) & SPARSE) === 0) return;
  const kind = space.i32[record + KIND] as number;
  const bytes = space.i32[kind + SLOT_BYTES] as number;
  const end = Math.imul(bytes, space.i32[kind + SLOTS] as number);
  const start = block << BLOCK_SHIFT;
  space.i32[record + FLAGS] = (space.i32[record + FLAGS] as number) | EMPTIED;
  for (let at = 0; at < end; at += bytes) {
    if (!testBit(space.i32, record + LIVE, at)) continue;
    if (space.i32[kind + OLD_CURSOR] === space.i32[kind + OLD_CURSOR + 1] && !old.openRun(kind)) return;
    const { i32 } = space;
    const to = i32[kind + OLD_CURSOR] as number;
    i32[kind + OLD_CURSOR] = (to + bytes) | 0;
    const source = (start + at) >>> WORD_SHIFT;
    i32.copyWithin(to >>> WORD_SHIFT, source, source + (bytes >>> WORD_SHIFT));
    setBit(i32, record + MARKS, at);
    i32[source] = to;
    if (testBit(i32, record + LOGGED, at)) {
      clearBit(i32, record + LOGGED, at);
      setBit(i32, space.recordOf(to) + LOGGED, to & BLOCK_MASK);
    }
  }
}

/** Lets the remembered list follow; the bits went with the objects. */
function forwardRemembered({ space, tracer }: Parts): void {
  const { i32, control } = space;
  const end = (i32[control + REMEMBERED_CURSOR] as number) >>> WORD_SHIFT;
  for (let word = (i32[control + REMEMBERED_BASE] as number) >>> WORD_SHIFT; word < end; word++) tracer.visit(word);
}

/** Lets every pointer in an object follow. */
function forwardFields({ space, old, nursery, tracer }: Parts): void {
  for (let block = space.lowBlock; block < space.highBlock; block++) {
    const record = space.recordAt(block);
    if (record === 0) continue;
    const { i32 } = space;
    const state = i32[record + STATE] as number;
    const kind = i32[record + KIND] as number;
    const holds = state === OLD || state === LARGE || state === LARGE_REST || state === YOUNG;
    if (!holds || i32[kind + POINTERS] === 0) continue;
    const start = block << BLOCK_SHIFT;
    if (state === LARGE || state === LARGE_REST) {
      tracer.scan(start, kind);
      continue;
    }
    const bytes = i32[kind + SLOT_BYTES] as number;
    const end = Math.imul(bytes, i32[kind + SLOTS] as number);
    for (let at = 0; at < end; at += bytes) {
      const live = state === OLD ? old.isLive(record, at) : nursery.isLive(record, (start + at) | 0);
      if (live && !testBit(i32, record + MARKS, at)) tracer.scan((start + at) | 0, kind);
    }
  }
}

/** Takes the moved objects off a block, which is then free as a rule. */
function leave({ space, old }: Parts, block: number): void {
  const { i32 } = space;
  const record = space.recordAt(block);
  if (record === 0 || ((i32[record + FLAGS] as number) & SPARSE) === 0) return;
  i32[record + FLAGS] = (i32[record + FLAGS] as number) & ~(SPARSE | EMPTIED);
  const kind = i32[record + KIND] as number;
  let moved = 0;
  for (let word = record + MARKS; word < record + MARKS + BITMAP_WORDS; word++) {
    moved += countBits(i32[word] as number);
    i32[word + (LIVE - MARKS)] = (i32[word + (LIVE - MARKS)] as number) & ~(i32[word] as number);
    i32[word] = 0;
  }
  old.used -= Math.imul(moved, i32[kind + SLOT_BYTES] as number) >>> GRANULE_SHIFT;
  const left = liveSlots(i32, record);
  i32[record + USED] = left;
  if (left === 0) space.freeBlock((i32[record + START] as number) >>> BLOCK_SHIFT);
  else if (left < (i32[kind + SLOTS] as number)) old.list(record);
}
