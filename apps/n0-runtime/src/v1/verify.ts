import { MorphError } from "@morph/memory";
import type { V1Heap } from "./heap.ts";
import {
  FLAGS,
  FREE_NEXT,
  FREE_PREVIOUS,
  HEADER_BYTES,
  PAGE,
  PAGE_FREE_LIST,
  PAGE_FREE_NEXT,
  PAGE_FREE_PREVIOUS,
  PAGE_LIVE,
  PAGE_NEXT,
  PAGE_SIZE,
  PAGE_START,
  PAGE_USED,
  SIZE,
  TYPE,
  V1_PAGE_BYTES,
} from "./layout.ts";

/**
 * Walks all pages, objects and lists of V1. O(objects + pages).
 * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong
 */
export function verifyV1(heap: V1Heap): void {
  const { i32 } = heap;
  const word = (address: number): number => i32[address >>> 2] as number;

  // Every page is filled with objects from its start.
  const objects = new Set<number>();
  let pageBytes = 0;
  for (let page = heap.pageHead; page !== 0; page = word(page + PAGE_NEXT)) {
    const start = word(page + PAGE_START) >>> 0;
    const size = word(page + PAGE_SIZE) >>> 0;
    const end = start + (word(page + PAGE_USED) >>> 0);
    if (start % V1_PAGE_BYTES !== 0 || size % V1_PAGE_BYTES !== 0 || size === 0 || end > start + size) {
      throw broken(`page descriptor ${page >>> 0} tells of ${size} bytes at ${start}, used to ${end}`);
    }
    for (let at = start; at < start + size; at += V1_PAGE_BYTES) {
      if (!heap.pages.isTaken(at)) throw broken(`page ${at} is in use, and also free or someone else's`);
    }
    if (word(page + PAGE_LIVE) !== 0) throw broken(`page ${start} counts live bytes outside a collection`);
    for (let header = start; header < end; ) {
      if (word(header + PAGE) !== page) throw broken(`object ${header + HEADER_BYTES} does not name its page`);
      if (word(header + TYPE) >>> 0 > heap.types.last)
        throw broken(`object ${header + HEADER_BYTES} has type ${word(header + TYPE)}`);
      objects.add(header | 0);
      header += Math.ceil(((word(header + SIZE) >>> 0) + HEADER_BYTES) / 8) * 8;
      if (header > end) throw broken(`an object of page ${start} reaches beyond its used part`);
    }
    pageBytes += size;
  }

  // Each is on the list of all objects or on the free list.
  const seen = new Set<number>();
  let payload = 0;
  for (let header = heap.heapHead; header !== 0; header = word(header)) {
    if (!objects.has(header)) throw broken(`the object list leads to ${header >>> 0}, where no object starts`);
    if (seen.has(header)) throw broken(`the object list meets ${header >>> 0} twice`);
    if (word(header + FLAGS) !== 0)
      throw broken(`object ${(header + HEADER_BYTES) >>> 0} is marked outside a collection`);
    seen.add(header);
    payload += word(header + SIZE) >>> 0;
  }
  if (payload !== heap.allocated) throw broken(`${heap.allocated} payload bytes are counted, ${payload} are there`);
  const free = new Set<number>();
  for (let header = heap.freeHead, before = 0; header !== 0; before = header, header = word(header + FREE_NEXT)) {
    if (!objects.has(header) || seen.has(header))
      throw broken(`the free list leads to ${header >>> 0}, which is not free`);
    if (word(header + FREE_PREVIOUS) !== before)
      throw broken(`free object ${header >>> 0} does not know the one before it`);
    seen.add(header);
    free.add(header);
  }
  if (seen.size !== objects.size) throw broken(`${objects.size} objects lie in pages, ${seen.size} are on lists`);

  // Free ones are on their page's list too.
  for (let page = heap.pageHead; page !== 0; page = word(page + PAGE_NEXT)) {
    for (let header = word(page + PAGE_FREE_LIST), before = 0; header !== 0; ) {
      if (!free.delete(header) || word(header + PAGE) !== page || word(header + PAGE_FREE_PREVIOUS) !== before) {
        throw broken(`page ${word(page) >>> 0}'s free list is wrong at ${header >>> 0}`);
      }
      before = header;
      header = word(header + PAGE_FREE_NEXT);
    }
  }
  if (free.size !== 0) throw broken(`${free.size} free objects are not on their page's list`);
  if (heap.footprint.bytes < pageBytes) throw broken("the footprint is less than the pages");
}

function broken(what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the V1 heap is broken: ${what}`);
}
