/*
 * What the objects of a recording are on the collector. One made there says so itself. One made on V1 or V2 does not tell data blocks with pointers from others, so
 * its stores are looked at: a data block into which a pointer was stored consists of pointers, 8 bytes each, for a replay stores nothing else.
 *
 * Each object has its entry's number in a word that is no pointer, so that it is known again after it has moved.
 */
import { type Collector, LAYOUT } from "@morph/gc";
import { BOX, CLOSURE, ELEMENTS_START, ERROR, type MorphTypeInfo, RAW } from "../values/types.ts";
import { COLLECT, type Recording } from "./decoder.ts";
import { OP } from "./format.ts";

const WORD_BYTES = 4;
/** Bytes of a pointer in a recording of V1 or V2. */
const V1_POINTER_BYTES = 8;
/** Where an array has its entry's number: behind the length. */
const ARRAY_TAG = 4;
const LEAST_SLOT = 16;
const CURSOR_BYTES = 64;
/** Operands of a note behind its op, where they are not places. */
const NOTE_WORDS: Readonly<Record<number, number>> = {
  [OP.push]: 2,
  [OP.pop]: 1,
  [OP.hold]: 2,
  [OP.release]: 1,
  [OP.storePointer]: 4,
  [OP.storeWord]: 3,
  [OP.copy]: 5,
  [OP.threadNew]: 0,
  [OP.threadSwitch]: 1,
  [OP.threadEnd]: 1,
};

/** By entry of a recording, and by type of the collector: how objects are made and where things lie in them. */
export interface GcObjects {
  /** The collector's type, and the length of an array, -1 of an object that is none. */
  readonly ids: Int32Array;
  readonly lengths: Int32Array;
  /** Word index of the cursor, 0 where there is none; and the bytes by which an object moves it on. */
  readonly cursors: Int32Array;
  readonly slots: Int32Array;
  /** What is added to offsets of the recording. */
  readonly shifts: Int32Array;
  /** By the collector's type: whether it has pointers; where the entry's number stands; the handle in the recording. */
  readonly hasPointers: readonly boolean[];
  readonly tags: readonly number[];
  readonly handles: readonly number[];
}

/** Pointers of the runtime's own types, but for data blocks. */
const OWN_POINTERS: Readonly<Record<number, readonly number[]>> = { [CLOSURE]: [8], [ERROR]: [0], [BOX]: [0] };

/** Registers the types of a recording. O(entries + notes). */
export function gcObjects(recording: Recording, collector: Collector): GcObjects {
  const { sizes, types, typeInfos } = recording;
  const withPointers = blocksWithPointers(recording);
  const count = sizes.length;
  const objects = {
    ids: new Int32Array(count),
    lengths: new Int32Array(count),
    cursors: new Int32Array(count),
    slots: new Int32Array(count),
    shifts: new Int32Array(count),
    hasPointers: [] as boolean[],
    tags: [] as number[],
    handles: [] as number[],
  };
  const known = new Map<string, number>();
  const register = (key: string, handle: number, tag: number, make: () => number): number => {
    let id = known.get(key);
    if (id === undefined) {
      id = make();
      known.set(key, id);
      objects.hasPointers[id] = (collector.types()[id - 1] as { pointers: readonly number[] }).pointers.length > 0;
      objects.tags[id] = tag;
      objects.handles[id] = handle;
    }
    return id;
  };
  const array = (entry: number, handle: number, name: string, size: number, pointers: readonly number[]): void => {
    const id = register(`${handle} [${size} ${pointers}]`, handle, ARRAY_TAG, () =>
      collector.arrayType({ name, size, pointers }),
    );
    objects.ids[entry] = id;
    const bytes = LAYOUT.ARRAY_HEADER_BYTES + (objects.lengths[entry] as number) * size;
    if (bytes > LAYOUT.MAX_SMALL_BYTES) return;
    const u8 = collector.memory.u8;
    const sizeClass = u8[collector.control + LAYOUT.CLASS_TABLE + Math.ceil(bytes / 8)] as number;
    const cursor = collector.arrayCursorsOf(id) + sizeClass * CURSOR_BYTES;
    objects.cursors[entry] = cursor >>> 2;
    objects.slots[entry] = collector.memory.i32[(cursor >>> 2) + SLOT_BYTES_WORD] as number;
  };
  const plain = (entry: number, handle: number, name: string, size: number, offsets: readonly number[]): void => {
    const pointers = offsets.filter((offset) => offset + WORD_BYTES <= size);
    const tag = freeWord(size, pointers);
    const bytes = Math.max(size, tag + WORD_BYTES);
    const id = register(`${handle} ${size}`, handle, tag, () => collector.type({ name, size: bytes, pointers }));
    objects.ids[entry] = id;
    if (bytes > LAYOUT.MAX_SMALL_BYTES) return;
    const { pointer, slotBytes } = collector.cursorOf(id);
    objects.cursors[entry] = pointer >>> 2;
    objects.slots[entry] = slotBytes;
  };
  for (let entry = 0; entry < count; entry++) {
    const size = sizes[entry] as number;
    if (size === COLLECT) continue;
    const handle = types[entry] as number;
    const info = infoOf(handle, typeInfos);
    if (info.elements === true) {
      objects.lengths[entry] = Math.floor((size - ELEMENTS_START) / info.size);
      array(entry, handle, info.name, info.size, info.pointerOffsets);
    } else if (handle <= RAW) {
      objects.shifts[entry] = LAYOUT.ARRAY_HEADER_BYTES;
      objects.lengths[entry] = withPointers[entry] === 0 ? size : Math.ceil(size / V1_POINTER_BYTES);
      if (withPointers[entry] === 0) array(entry, handle, info.name, 1, []);
      else array(entry, handle, info.name, V1_POINTER_BYTES, [0]);
    } else {
      objects.lengths[entry] = -1;
      plain(entry, handle, info.name, size, info.pointerOffsets);
    }
  }
  return objects;
}

/** Word of a kind record, from its cursor on: bytes of a slot. */
const SLOT_BYTES_WORD = 2;

/** What a handle of a recording means. */
export function infoOf(handle: number, typeInfos: readonly MorphTypeInfo[]): MorphTypeInfo {
  const own = BUILT_IN_NAMES[handle];
  if (own === undefined) return typeInfos[handle - BUILT_IN_NAMES.length] as MorphTypeInfo;
  // Strings, arrays and maps begin with their data block.
  return { name: own, size: 0, pointerOffsets: OWN_POINTERS[handle] ?? [0] };
}

/** By handle. */
const BUILT_IN_NAMES: readonly string[] = [
  "null type",
  "raw",
  "string",
  "array",
  "map",
  "closure",
  "error",
  "interface box",
];

/** A word of an object that is no pointer: in it, in the rest of its slot, or behind. */
function freeWord(size: number, pointers: readonly number[]): number {
  const slot = Math.max(LEAST_SLOT, Math.ceil(size / 8) * 8);
  for (let offset = 0; offset + WORD_BYTES <= slot; offset += WORD_BYTES) if (!pointers.includes(offset)) return offset;
  return slot;
}

/** By entry: 1 for a data block of V1 or V2 that has pointers at some time. O(notes). */
function blocksWithPointers({ notes, sizes, types }: Recording): Uint8Array {
  const found = new Uint8Array(sizes.length);
  const isBlock = (entry: number): boolean => entry >= 0 && (types[entry] as number) <= RAW;
  for (let at = 0; at < notes.length; ) {
    const op = notes[at + 1] as number;
    const target = notes[at + 2] as number;
    if (op === OP.storePointer && isBlock(target)) found[target] = 1;
    else if (op === OP.copy && isBlock(target)) {
      const source = notes[at + 4] as number;
      if (isBlock(source) && found[source] === 1) found[target] = 1;
    }
    at += 2 + (NOTE_WORDS[op] as number);
  }
  return found;
}
