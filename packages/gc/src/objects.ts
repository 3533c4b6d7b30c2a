/* Which pointers are objects, and the walk over all. */

import type { Kinds } from "./kinds.ts";
import {
  ALIGN_MASK,
  ARRAY_HEADER_BYTES,
  BLOCK_BYTES,
  BLOCK_MASK,
  BLOCK_SHIFT,
  KIND,
  LARGE,
  NEXT,
  OFFSETS,
  OLD,
  POINTER_BITS,
  POINTERS,
  SLOT_BYTES,
  SLOTS,
  STATE,
  STRIDE,
  WORD_BITS,
  WORD_SHIFT,
  YOUNG,
  YOUNG_LARGE,
} from "./layout.ts";
import type { Nursery } from "./nursery.ts";
import type { OldSpace } from "./old-space.ts";
import type { Space } from "./space.ts";

/** Answers about pointers. */
export class Objects {
  private readonly space: Space;
  private readonly kinds: Kinds;
  private readonly old: OldSpace;
  private readonly nursery: Nursery;

  constructor(space: Space, kinds: Kinds, old: OldSpace, nursery: Nursery) {
    this.space = space;
    this.kinds = kinds;
    this.old = old;
    this.nursery = nursery;
  }

  /** The kind of the object that starts at `pointer`, a value of any sort; 0 when there is none. O(1). */
  kindOf(pointer: number): number {
    const p = pointer | 0;
    if (p >>> 0 !== pointer || (p & ALIGN_MASK) !== 0) return 0;
    const record = this.space.recordOf(p);
    if (record === 0) return 0;
    const { i32 } = this.space;
    const state = i32[record + STATE] as number;
    const kind = i32[record + KIND] as number;
    const at = p & BLOCK_MASK;
    if (state === YOUNG) {
      return at % (i32[kind + SLOT_BYTES] as number) === 0 && this.nursery.isLive(record, p) ? kind : 0;
    }
    if (state === OLD) return at % (i32[kind + SLOT_BYTES] as number) === 0 && this.old.isLive(record, at) ? kind : 0;
    if (at !== 0) return 0;
    return state === YOUNG_LARGE || (state === LARGE && this.old.isLive(record, 0)) ? kind : 0;
  }

  /** Whether a pointer lies at an offset of an object. O(1), O(pointers of the type) beyond 128 bytes and in arrays. */
  isPointerField(pointer: number, kind: number, offset: number): boolean {
    const { i32 } = this.space;
    const word = offset >>> WORD_SHIFT;
    if (offset >>> 0 !== offset || (offset & ((1 << WORD_SHIFT) - 1)) !== 0) return false;
    const stride = i32[kind + STRIDE] as number;
    if (stride === 0 && word < WORD_BITS) return ((i32[kind + POINTER_BITS] as number) & (1 << word)) !== 0;
    if (offset >= this.kinds.dataBytes(kind, pointer)) return false;
    if (stride !== 0 && offset < ARRAY_HEADER_BYTES) return false;
    const inElement = stride === 0 ? offset : (offset - ARRAY_HEADER_BYTES) % stride;
    const offsets = i32[kind + OFFSETS] as number;
    for (let i = 0; i < (i32[kind + POINTERS] as number); i++) {
      if ((i32[offsets + i] as number) << WORD_SHIFT === inElement) return true;
    }
    return false;
  }

  /** Bytes of an object's slot, or of a large object's blocks. O(1). */
  slotBytes(pointer: number, kind: number): number {
    const { i32 } = this.space;
    const slot = i32[kind + SLOT_BYTES] as number;
    return slot !== 0 ? slot : (i32[this.space.recordOf(pointer) + NEXT] as number) * BLOCK_BYTES;
  }

  /** Calls `each` with every object there is, in the order of addresses, pointers signed. O(blocks + objects). */
  walk(each: (pointer: number, kind: number) => void): void {
    for (let block = this.space.lowBlock; block < this.space.highBlock; block++) this.walkBlock(block, each);
  }

  /** The same for the objects that start in one block. */
  walkBlock(block: number, each: (pointer: number, kind: number) => void): void {
    const { space } = this;
    const record = space.recordAt(block);
    if (record === 0) return;
    const state = space.i32[record + STATE] as number;
    const kind = space.i32[record + KIND] as number;
    const start = block << BLOCK_SHIFT;
    if (state === YOUNG_LARGE || state === LARGE) {
      if (state === YOUNG_LARGE || this.old.isLive(record, 0)) each(start, kind);
      return;
    }
    if (state !== OLD && state !== YOUNG) return;
    const bytes = space.i32[kind + SLOT_BYTES] as number;
    const end = Math.imul(bytes, space.i32[kind + SLOTS] as number);
    for (let at = 0; at < end; at += bytes) {
      const live = state === OLD ? this.old.isLive(record, at) : this.nursery.isLive(record, start + at);
      if (live) each((start + at) | 0, kind);
    }
  }

  /** Calls `each` with the word index of every pointer in an object. O(pointers). */
  eachField(pointer: number, kind: number, each: (word: number) => void): void {
    const { i32 } = this.space;
    const count = i32[kind + POINTERS] as number;
    const stride = i32[kind + STRIDE] as number;
    const offsets = i32[kind + OFFSETS] as number;
    const start = pointer >>> WORD_SHIFT;
    const most = Math.floor((this.slotBytes(pointer, kind) - ARRAY_HEADER_BYTES) / stride);
    const length = stride === 0 ? 1 : count === 0 ? 0 : Math.min((i32[start] as number) >>> 0, most);
    for (let element = 0; element < length; element++) {
      const at = start + (stride === 0 ? 0 : (ARRAY_HEADER_BYTES + element * stride) >>> WORD_SHIFT);
      for (let i = 0; i < count; i++) each(at + (i32[offsets + i] as number));
    }
  }
}
