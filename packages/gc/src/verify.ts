/* Checks of everything, for tests and for programs that suspect their code generator. */
import { MorphError } from "@morph/memory";
import {
  BITMAP_WORDS,
  BLOCK_BYTES,
  BLOCK_MASK,
  CARD_BYTES,
  FREE,
  GRANULE_SHIFT,
  KIND,
  LARGE,
  LARGE_REST,
  LIVE,
  LOGGED,
  MARKS,
  NEXT,
  NURSERY_BASE,
  NURSERY_BYTES,
  OLD,
  REMEMBERED_BASE,
  REMEMBERED_CURSOR,
  SLOT_BYTES,
  STATE,
  TYPE,
  WORD_SHIFT,
  YOUNG,
  YOUNG_FREE,
  YOUNG_LARGE,
  YOUNG_REST,
} from "./layout.ts";
import { countBits, isMarked, testBit } from "./old-space.ts";
import type { Parts } from "./parts.ts";

const WORD_BYTES = 4;

/** @throws ERR_MORPH_INVALID_POINTER at the first thing that is wrong. O(blocks + objects) */
export function verifyAll(parts: Parts): void {
  requireFields(parts, true);
  requireRoots(parts);
  requireCounts(parts);
  requireList(parts);
}

/** @throws ERR_MORPH_INVALID_POINTER when an old object leads to a young one and the barrier did not record it. O(blocks + objects) */
export function requireBarriers(parts: Parts): void {
  requireFields(parts, false);
}

function requireFields(parts: Parts, targets: boolean): void {
  const { objects, space } = parts;
  const isYoung = youngOf(parts);
  objects.walk((pointer, kind) => {
    const old = !isYoung(pointer);
    if (!targets && !old) return;
    objects.eachField(pointer, kind, (word) => {
      const value = space.i32[word] as number;
      if (value === 0) return;
      if (targets && objects.kindOf(value >>> 0) === 0) {
        throw broken(`${place(parts, pointer, kind, word)} points to ${value >>> 0}, which is no object`);
      }
      if (old && isYoung(value) && !isLogged(parts, pointer, word)) {
        throw broken(
          `${place(parts, pointer, kind, word)} points to the young object ${value >>> 0}, and no barrier recorded it`,
        );
      }
    });
  });
}

function isLogged({ space }: Parts, pointer: number, word: number): boolean {
  const slot = word << WORD_SHIFT;
  const record = space.recordOf(slot);
  const entry = space.i32[record + STATE] === OLD ? pointer : slot & -CARD_BYTES;
  return testBit(space.i32, record + LOGGED, entry & BLOCK_MASK);
}

function requireRoots({ roots, handles, objects, space }: Parts): void {
  roots.each((word) => {
    const value = space.i32[word] as number;
    if (value !== 0 && objects.kindOf(value >>> 0) === 0) {
      throw broken(`the root at ${(word << WORD_SHIFT) >>> 0} points to ${value >>> 0}, which is no object`);
    }
  });
  for (const { values, end } of [handles.strong, handles.weak]) {
    for (let i = 0; i < end; i++) {
      const value = values[i] as number;
      if (value !== 0 && objects.kindOf(value >>> 0) === 0) {
        throw broken(`a handle points to ${value >>> 0}, which is no object`);
      }
    }
  }
}

function requireCounts(parts: Parts): void {
  const { space, old, nursery } = parts;
  const { i32 } = space;
  let granules = 0;
  let free = 0;
  let youngFree = 0;
  for (let block = space.lowBlock; block < space.highBlock; block++) {
    const record = space.recordAt(block);
    if (record === 0) continue;
    const state = i32[record + STATE] as number;
    if (state === FREE) free++;
    else if (state === YOUNG_FREE) youngFree++;
    else if (state === YOUNG_LARGE) requireRun(parts, block, record);
    else if (state === OLD) {
      const slot = i32[(i32[record + KIND] as number) + SLOT_BYTES] as number;
      for (let word = 0; word < BITMAP_WORDS; word++) {
        granules += (countBits(i32[record + LIVE + word] as number) * slot) >>> GRANULE_SHIFT;
        const stray = ~(i32[record + LIVE + word] as number);
        if (((i32[record + MARKS + word] as number) & stray) !== 0)
          throw broken(`block ${block} has marks without objects`);
      }
    } else if (state === LARGE) granules += ((i32[record + NEXT] as number) * BLOCK_BYTES) >>> GRANULE_SHIFT;
    else if (state !== LARGE_REST && state !== YOUNG && state !== YOUNG_REST && state !== 0)
      throw broken(`block ${block} has state ${state}`);
  }
  if (granules !== old.used) throw broken(`the old space holds ${granules} granules, its count says ${old.used}`);
  if (free !== space.freeBlocks) throw broken(`${free} blocks are free, the count says ${space.freeBlocks}`);
  if (youngFree !== nursery.freeCount) {
    throw broken(`${youngFree} blocks of the nursery are free, the count says ${nursery.freeCount}`);
  }
}

/** The further blocks of a large object of the nursery. */
function requireRun({ space }: Parts, block: number, record: number): void {
  const count = space.i32[record + NEXT] as number;
  for (let i = 1; i < count; i++) {
    const rest = space.recordAt(block + i);
    if (space.i32[rest + STATE] !== YOUNG_REST || space.i32[rest + NEXT] !== i) {
      throw broken(`block ${block + i} is not part ${i} of the large young object at block ${block}`);
    }
  }
}

function requireList({ space, remembered }: Parts): void {
  const { i32, control } = space;
  const end = i32[control + REMEMBERED_CURSOR] as number;
  for (let at = i32[control + REMEMBERED_BASE] as number; at !== end; at = (at + WORD_BYTES) | 0) {
    const entry = i32[at >>> WORD_SHIFT] as number;
    const record = space.recordOf(entry);
    if (record === 0 || !remembered.has(entry, record)) {
      throw broken(`the remembered list names ${entry >>> 0}, which has no bit`);
    }
  }
}

/** @throws ERR_MORPH_INVALID_POINTER when roots lead to an old object that is not marked. O(objects) */
export function requireMarks(parts: Parts): void {
  const { roots, handles, objects, space } = parts;
  const isYoung = youngOf(parts);
  const seen = new Set<number>();
  const todo: number[] = [];
  const reach = (value: number, from: () => string): void => {
    if (value === 0 || seen.has(value)) return;
    seen.add(value);
    todo.push(value);
    if (!isYoung(value) && !isMarked(space, value)) {
      throw broken(`${from()} leads to ${value >>> 0}, which is not marked: a barrier is missing`);
    }
  };
  roots.each((word) => reach(space.i32[word] as number, () => "a root"));
  for (let i = 0; i < handles.strong.end; i++) reach(handles.strong.values[i] as number, () => "a handle");
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const pointer = next;
    const kind = objects.kindOf(pointer >>> 0);
    if (kind === 0) throw broken(`${pointer >>> 0} is reachable and no object`);
    objects.eachField(pointer, kind, (word) => {
      reach(space.i32[word] as number, () => place(parts, pointer, kind, word));
    });
  }
}

function youngOf({ space }: Parts): (pointer: number) => boolean {
  const base = space.i32[space.control + NURSERY_BASE] as number;
  const bytes = space.i32[space.control + NURSERY_BYTES] as number;
  return (pointer) => (pointer - base) >>> 0 < bytes;
}

function place({ kinds, space }: Parts, pointer: number, kind: number, word: number): string {
  const name = kinds.infos[(space.i32[kind + TYPE] as number) - 1]?.name;
  return `the ${name} at ${pointer >>> 0}, offset ${((word << WORD_SHIFT) - pointer) >>> 0},`;
}

function broken(message: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `verify: ${message}`);
}
