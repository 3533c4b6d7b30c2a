/*
 * The 16 bytes before each object, as 32-bit words:
 *
 *   block         + 4                            + 8        + 12       payload (block + 16)
 *   ┌────────────┬──────────────────────────────┬──────────┬──────────┬─────────────
 *   │ size       │ flags │ generation │ m │ type │ free for │ seal     │ size bytes ...
 *   │ 32 bits    │ 8 bits│ 8          │ 9 │ 7    │ the user │          │
 *   └────────────┴──────────────────────────────┴──────────┴──────────┴─────────────
 *
 * m is the mark bit (bit 7). The seal is size ^ second word ^ block ^ LIVE_SEAL: one that does not fit shows that something
 * wrote over the header, before its size and type are believed. The third word is never read or written here: an owner may
 * keep there what it likes, an allocation site for instance.
 *
 * The slot of a freed small object has the link to the next free slot in its first word and link ^ block ^ FREE_SEAL as its
 * seal, so that a broken link is noticed before it is followed.
 */

/** Bytes of a header. */
export const HEADER_BYTES = 16;
/** Largest type id. */
export const MAX_TYPE = 127;

/** What the seals of live objects and of free slots are made with: two numbers at random. */
export const LIVE_SEAL = 0x4be1_97d3;
export const FREE_SEAL = 0x2d9a_61c4;

/** Bits of the second word. */
export const TYPE_MASK = 0x7f;
export const MARK_BIT = 0x80;
export const GENERATION_SHIFT = 16;
export const FLAGS_SHIFT = 24;

/** Flags of large objects: which allocator they lie in. */
export const IN_ARENA = 1;
export const IN_HEAP = 2;

/** What a header says of its object. */
export interface ObjectHeader {
  /** Payload in bytes, as asked for. */
  size: number;
  /** Type id, 0 to 127. */
  typeId: number;
  /** Whether a collection marked it; nothing collects yet. */
  marked: boolean;
  /** 0 young, 1 old, 2 permanent, 255 large; all are young yet. */
  generation: number;
  /** 0 when the object lies in the pool, 1 in the arena, 2 in the heap. */
  flags: number;
}
