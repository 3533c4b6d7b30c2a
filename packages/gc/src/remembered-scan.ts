/* What collections do with the remembered list: a minor one looks at all that stands there, and the end of marking takes dead objects out. */
import {
  BITMAP_WORDS,
  BLOCK_BYTES,
  BLOCK_MASK,
  CARD_BYTES,
  KIND,
  LARGE,
  LARGE_REST,
  LOGGED,
  NEXT,
  OLD,
  REMEMBERED_BASE,
  REMEMBERED_CURSOR,
  SLOT_BYTES,
  START,
  STATE,
  WORD_SHIFT,
} from "./layout.ts";
import { isMarked, testBit } from "./old-space.ts";
import type { Parts } from "./parts.ts";
import type { Space } from "./space.ts";

const WORD_BYTES = 4;

/**
 * Copies what old objects lead to; those that then have no pointer to a young one leave the list. O(entries), and of all blocks when the list overflowed.
 * @param allMarked whether a major collection has marked all, so that objects without a mark are dead and leave the list too
 * @returns how many there were
 */
export function scanRemembered(parts: Parts, stackBase: number, allMarked: boolean): number {
  const { space, tracer, remembered } = parts;
  const { control } = space;
  if (remembered.isFull) return scanLogged(parts, allMarked);
  const base = space.i32[control + REMEMBERED_BASE] as number;
  const end = space.i32[control + REMEMBERED_CURSOR] as number;
  let kept = base;
  for (let at = base; at !== end; at = (at + WORD_BYTES) | 0) {
    const entry = space.i32[at >>> WORD_SHIFT] as number;
    const record = space.recordOf(entry);
    if (allMarked && !isMarked(space, objectOf(space, entry, record))) continue;
    if (tracer.scanOld(entry, record)) {
      space.i32[kept >>> WORD_SHIFT] = entry;
      kept = (kept + WORD_BYTES) | 0;
    } else remembered.forget(entry, record);
    if (tracer.stackTop !== stackBase) tracer.drainCopies(stackBase);
  }
  // What became old meanwhile, with pointers to young objects, stands behind the end.
  const { i32 } = space;
  const added = i32[control + REMEMBERED_CURSOR] as number;
  i32.copyWithin(kept >>> WORD_SHIFT, end >>> WORD_SHIFT, added >>> WORD_SHIFT);
  i32[control + REMEMBERED_CURSOR] = (kept + (added - end)) | 0;
  return (end - base) >>> WORD_SHIFT;
}

/** The same when the list overflowed: all bits of all blocks are looked at, and the list is made anew. */
function scanLogged(parts: Parts, allMarked: boolean): number {
  const { space, tracer, remembered, old } = parts;
  remembered.startAnew();
  for (let block = space.lowBlock; block < space.highBlock; block++) {
    const record = space.recordAt(block);
    if (record === 0) continue;
    const state = space.i32[record + STATE] as number;
    // The bits of dead objects go with them.
    if (old.sweeping && (state === OLD || state === LARGE)) old.sweepBlock(record);
    const now = space.i32[record + STATE] as number;
    if (now !== OLD && now !== LARGE && now !== LARGE_REST) continue;
    if (!hasLogged(space, record)) continue;
    const kind = space.i32[record + KIND] as number;
    const bytes = now === OLD ? (space.i32[kind + SLOT_BYTES] as number) : CARD_BYTES;
    for (let at = 0; at < BLOCK_BYTES; at += bytes) {
      if (!testBit(space.i32, record + LOGGED, at)) continue;
      const entry = ((space.i32[record + START] as number) + at) | 0;
      remembered.forget(entry, record);
      if (allMarked && !isMarked(space, objectOf(space, entry, record))) continue;
      if (tracer.scanOld(entry, record)) remembered.add(entry, record);
    }
  }
  return space.highBlock - space.lowBlock;
}

function hasLogged({ i32 }: Space, record: number): boolean {
  let bits = 0;
  for (let word = record + LOGGED; word < record + LOGGED + BITMAP_WORDS; word++) bits |= i32[word] as number;
  return bits !== 0;
}

/** Takes dead objects from the remembered list, when all is marked. O(entries). */
export function forgetDead({ space }: Parts): void {
  const { i32, control } = space;
  const end = i32[control + REMEMBERED_CURSOR] as number;
  let kept = i32[control + REMEMBERED_BASE] as number;
  for (let at = kept; at !== end; at = (at + WORD_BYTES) | 0) {
    const entry = i32[at >>> WORD_SHIFT] as number;
    if (!isMarked(space, objectOf(space, entry, space.recordOf(entry)))) continue;
    i32[kept >>> WORD_SHIFT] = entry;
    kept = (kept + WORD_BYTES) | 0;
  }
  i32[control + REMEMBERED_CURSOR] = kept;
}

/** The object that an entry of the remembered list is, or is a card of. */
function objectOf({ i32 }: Space, entry: number, record: number): number {
  const state = i32[record + STATE] as number;
  if (state === OLD) return entry;
  const blocks = state === LARGE_REST ? (i32[record + NEXT] as number) : 0;
  return ((entry & ~BLOCK_MASK) - blocks * BLOCK_BYTES) | 0;
}
