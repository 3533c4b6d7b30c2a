/** Places of objects are multiples of 8 bytes: what is added before rounding down to one, and the mask that does. */
export const ROUND_UP = 7;
export const MULTIPLE_OF_8 = -8;
/** The bits of a pointer that are 0 then. */
export const LOW_BITS = 7;

/** What `left` is at most: so that a size near 2^31, rounded up past it, never seems to fit. */
export const MOST_LEFT = 0x7fff_fff8;

// A saved arena: these words, then the list of blocks in a side table.

export const SAVED_CURSOR = 0;
export const SAVED_NEXT_PAGES = 1;
export const SAVED_VERSION = 2;
/** Blocks in use and spare ones: the list has them in this order. */
export const SAVED_IN_USE = 3;
export const SAVED_SPARE = 4;
/** Place of the current block among those in use, -1 for none. */
export const SAVED_CURRENT = 5;
export const SAVED_LIST_POINTER = 6;
export const SAVED_LIST_BYTES = 7;
export const SAVED_SIGNATURE = 8;
export const STATE_BYTES = 40;

/** A block in the list. */
export const BLOCK_POINTER = 0;
export const BLOCK_PAGES = 1;
export const BLOCK_FILLED = 2;
export const BLOCK_RECORD_BYTES = 12;
export const BLOCK_RECORD_WORDS = 3;

/** A multiplier that spreads owner ids over 32 bits: 2^32 by the golden ratio. */
export const GOLDEN = 0x9e37_79b1;
