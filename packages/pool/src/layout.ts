// Names of places and masks, which the build makes numbers of.

/** A word index, pointer / 4: 30 bits. Of a link, or of a list's head, the next slot. As a mask it also tells V8 that the index is not negative. */
export const WORD_INDEX = 0x3fff_ffff;
/** In a link: the slot was never in use. */
export const UNUSED = 0x4000_0000;
/** Word of a free slot, behind its link. */
export const SIGNATURE = 1;

/** What is added to a size before it is divided by 8: sizes are served in steps of 8 bytes. */
export const ROUND_UP = 7;

/** Places in a record; the head of the list is at 0. */
export const ALLOCATED = 1;
export const FREES = 2;
export const CURSOR = 3;
export const END = 4;
/** Slots that were on the list at least once: in use, or free; all but those of the run. */
export const EXTENDED = 5;
export const SLABS = 6;
export const SLOT_WORDS = 7;
export const RECORD_WORDS = 8;

/** Places in the record of no class: pages taken, units in them that no class has, and where to look for the next of these. */
export const PAGES = 3;
export const SPARE = 4;
export const HINT = 5;

/** Bytes that `SizeClasses.saveState` writes. */
export const SIZE_CLASSES_STATE_BYTES = 16;

/** What owner ids and sizes are multiplied with to spread them over 32 bits. */
export const GOLDEN = 0x9e37_79b1;
export const MURMUR = 0x85eb_ca6b;
