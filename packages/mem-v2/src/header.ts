import { MorphError } from "@morph/memory";

/*
 * The 16 bytes before each object, as 32-bit words:
 *
 *   block         + 4               + 8        + 12       payload (block + 16)
 *   ┌────────────┬─────────────────┬──────────┬──────────┬─────────────
 *   │ tag        │ size of a large │ free for │ seal     │ size bytes ...
 *   │            │ object          │ the user │          │
 *   └────────────┴─────────────────┴──────────┴──────────┴─────────────
 *
 *   tag    31 .... 24  23 ... 21  20 ...... 13  12  11  10 .... 4  3 ...... 0
 *         ┌───────────┬──────────┬─────────────┬───┬───┬──────────┬───────────┐
 *         │ size of a │ flags    │ generation  │ m │ - │ type     │ class of  │
 *         │ small one │          │             │   │   │          │ a small   │
 *         └───────────┴──────────┴─────────────┴───┴───┴──────────┴───────────┘
 *
 * m is the mark bit. All that `free` has to know of a small object is in one word; type and size class together say which counter
 * is its own.
 *
 * The seal is what makes a block a live object. That of a small one is tag ^ pointer ^ key, that of a large one ~(tag ^ size ^ pointer ^
 * key), which with sizes below 2^32 - 1 is never what a small one's would be. The key is a random number that each reset changes, so
 * that a header from before it, of another context, from another address or made by somebody else does not fit: of 2^32 wrong
 * pointers one is believed. A seal that does not fit also shows that something wrote over the header, before it is believed. The third
 * word is never read or written here: an owner may keep there what it likes, an allocation site for instance.
 *
 * What a free slot holds instead: see `free-slots.ts`. It has a seal too, so that a broken link is noticed before it is followed.
 */

/** Bytes of a header. */
export const HEADER_BYTES = 16;
/** Largest type id. */
export const MAX_TYPE = 127;
/** Largest payload that the pool serves. */
export const LARGEST_SMALL = 240;

/*
 * A free slot's seal is its link ^ its word index, that of a free run has this in it. Pointers and word indexes of slots end in two
 * zero bits, this in 01 and keys in 11: so none of these seals fits as another kind's, nor to bytes that are all the same.
 */
export const RUN_SEAL = 0x6d;

/** What the seals of live objects are made with until the next reset. */
export function newKey(): number {
  return (Math.random() * 2 ** 32) | 3;
}

/** Flags of large objects: which allocator they lie in. */
export const IN_ARENA = 1;
export const IN_HEAP = 2;

/** Index of the size class whose slots hold a payload of 0 to 240 bytes. */
export function classOf(size: number): number {
  return 31 - Math.clz32((size + 15) >>> 3);
}

/** The tag of a small object, of 0 to 240 bytes. */
export function smallTag(size: number, typeId: number): number {
  return (size << 24) | (typeId << 4) | classOf(size);
}

export function typeOf(tag: number): number {
  return (tag >>> 4) & MAX_TYPE;
}

/** 0 in a small object. */
export function flagsOf(tag: number): number {
  return (tag >>> 21) & 7;
}

/** What a header says of its object. */
export interface ObjectHeader {
  /** Payload in bytes, as asked for. */
  size: number;
  /** Type id, 0 to 127. */
  typeId: number;
  /** 0 when the object lies in the pool, 1 in the arena, 2 in the heap. */
  flags: number;
}

/** The error about a header that is not as it was written. */
export function overwritten(pointer: number): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `something wrote over the header of the object at ${pointer}`);
}
