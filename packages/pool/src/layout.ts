// Names of what hot paths write as numbers; the build inlines them.

/** A word index, pointer / 4: 30 bits. Of a link, the next slot; masking also tells V8 that it is not negative. */
export const WORD_INDEX = 0x3fff_ffff;

/** What is added to a size before it is divided by 8: sizes are served in steps of 8 bytes. */
export const ROUND_UP = 7;

// Words of a size class's record; the first is the head of its free list.

/** Slots allocated and freed so far. Both wrap around. */
export const ALLOCATED = 1;
export const FREED = 2;

/** Word of a free slot, behind its link. */
export const SIGNATURE = 1;

/** What owner ids and sizes are multiplied with to spread them over 32 bits. */
export const GOLDEN = 0x9e37_79b1;
export const MURMUR = 0x85eb_ca6b;
