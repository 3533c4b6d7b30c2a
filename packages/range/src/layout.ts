/*
 * What is known of a range, in 32 bytes, so that it comes with one line of the processor's cache:
 *
 *   byte 0       8        16      20      24       28
 *   ┌───────────┬────────┬───────┬───────┬────────┬──────────┐
 *   │ size      │ start  │ left  │ right │ parent │ priority │     the last four: of a free one its tree's
 *   └───────────┴────────┴───────┴───────┴────────┴──────────┘
 */

/** Bytes of a record. */
export const RECORD_BYTES = 32;

/** Numbers of a record, the index of the first two among 64-bit floats and of the others among 32-bit integers. */
export const FLOATS = 4;
export const SIZE = 0;
export const START = 1;
export const WORDS = 8;
export const LEFT = 4;
export const RIGHT = 5;
export const PARENT = 6;
export const PRIORITY = 7;
/** Of a live range, in place of `LEFT`: the next one of its bucket. */
export const NEXT = 4;

/** Free ranges of fewer granules have a tree for each size; the others have one together. */
export const EXACT_SIZES = 1024;
