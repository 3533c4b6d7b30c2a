import {
  ARRAY_HEADER_BYTES,
  BIT_SHIFT,
  BIT_WORD_MASK,
  BIT_WORD_SHIFT,
  BLOCK_BYTES,
  CARD_BYTES,
  CLASS_TABLE,
  DIRECTORY,
  EMPTYING,
  FLAGS,
  KIND,
  LOGGED,
  MARK_BASE,
  MARK_CURSOR,
  MARK_LIMIT,
  MARK_OVERFLOW,
  MARK_OVERFLOWED,
  MARKING,
  MARKS,
  MAX_SMALL_BYTES,
  MOVES,
  NEXT,
  NURSERY_BASE,
  NURSERY_BYTES,
  OLD,
  OLD_MOVES,
  POINTERS,
  RECORD_MASK,
  RECORD_SHIFT,
  REMEMBERED_BASE,
  REMEMBERED_CURSOR,
  REMEMBERED_LIMIT,
  REMEMBERED_OVERFLOW,
  SEGMENT_SHIFT,
  SLOT_BYTES,
  STACK_BASE,
  STACK_LIMIT,
  STACK_TOP,
  STATE,
} from "./layout.ts";

/** Where generated code finds things; words and shifts, as the README uses them. */
export interface GeneratedCodeLayout {
  /** Words of the control table: where the nursery begins, and its bytes. */
  readonly NURSERY_BASE: number;
  readonly NURSERY_BYTES: number;
  /** Pointer of the directory: a word for each 256 KiB of addresses, the word index of the segment's first block record, or 0. */
  readonly DIRECTORY: number;
  /** A word that is 1 while a major collection marks; and what it is where, besides, {@link Collector.barrier} is to be called for pointers that are not young. */
  readonly MARKING: number;
  readonly EMPTYING: number;
  /** The shadow stack: its beginning, its top, its end. */
  readonly STACK_BASE: number;
  readonly STACK_TOP: number;
  readonly STACK_LIMIT: number;
  /** The remembered list: its beginning, the next entry, its end; 1 when it was full. */
  readonly REMEMBERED_BASE: number;
  readonly REMEMBERED_CURSOR: number;
  readonly REMEMBERED_LIMIT: number;
  readonly REMEMBERED_OVERFLOW: number;
  /** The mark stack: its beginning, the next entry (pointer, kind), its end; 1 when it was full. */
  readonly MARK_BASE: number;
  readonly MARK_CURSOR: number;
  readonly MARK_LIMIT: number;
  readonly MARK_OVERFLOWED: number;
  /** Count up with each collection that may have moved young objects, and old ones: what hashes by address compares them. */
  readonly MOVES: number;
  readonly OLD_MOVES: number;
  /** From a pointer to its word in the directory, and from there to the block's record, in words. */
  readonly SEGMENT_SHIFT: number;
  readonly RECORD_SHIFT: number;
  readonly RECORD_MASK: number;
  /** Words of a block record: word index of its kind, its state, and the state of blocks whose objects are not large; of a large object's further blocks, which of them this is. */
  readonly KIND: number;
  readonly STATE: number;
  readonly OLD: number;
  readonly NEXT: number;
  /** Flags of a block, and the one to set when the mark stack is full. */
  readonly FLAGS: number;
  readonly MARK_OVERFLOW: number;
  /** First words of a block's mark bits and remembered bits; from a pointer to its word, and to its bit. */
  readonly MARKS: number;
  readonly LOGGED: number;
  readonly BIT_WORD_SHIFT: number;
  readonly BIT_WORD_MASK: number;
  readonly BIT_SHIFT: number;
  /** Of large objects, the remembered list names parts of so many bytes. */
  readonly CARD_BYTES: number;
  /** Word of a kind record: how many pointers; objects of kinds with 0 do not go on the mark stack. */
  readonly POINTERS: number;
  /** Word of a kind record, and so from a cursor on: bytes of a slot. */
  readonly SLOT_BYTES: number;
  /** Byte offset, in the control table, of the arrays' size classes, a byte for each size in 8s up to 2,048. */
  readonly CLASS_TABLE: number;
  /** Bytes before an array's elements; the largest object that is not large; bytes of a block. */
  readonly ARRAY_HEADER_BYTES: number;
  readonly MAX_SMALL_BYTES: number;
  readonly BLOCK_BYTES: number;
}

/** See {@link GeneratedCodeLayout}. */
export const LAYOUT: GeneratedCodeLayout = {
  NURSERY_BASE,
  NURSERY_BYTES,
  DIRECTORY,
  MARKING,
  EMPTYING,
  STACK_BASE,
  STACK_TOP,
  STACK_LIMIT,
  REMEMBERED_BASE,
  REMEMBERED_CURSOR,
  REMEMBERED_LIMIT,
  REMEMBERED_OVERFLOW,
  MARK_BASE,
  MARK_CURSOR,
  MARK_LIMIT,
  MARK_OVERFLOWED,
  MOVES,
  OLD_MOVES,
  SEGMENT_SHIFT,
  RECORD_SHIFT,
  RECORD_MASK,
  KIND,
  STATE,
  OLD,
  NEXT,
  FLAGS,
  MARK_OVERFLOW,
  MARKS,
  LOGGED,
  BIT_WORD_SHIFT,
  BIT_WORD_MASK,
  BIT_SHIFT,
  CARD_BYTES,
  POINTERS,
  SLOT_BYTES,
  CLASS_TABLE,
  ARRAY_HEADER_BYTES,
  MAX_SMALL_BYTES,
  BLOCK_BYTES,
};
