/*
 * How the heap describes its pages. Nothing of this lies among the user's bytes, so no stray write of a user's can
 * lead the heap astray.
 *
 * A span is 4 KiB. Each span of the heap's pages has a record of 16 words (64 bytes, one cache line, 1.6 %) in a side
 * table; one table holds the records of 1 MiB of addresses, and the directory says where the table of each MiB lies:
 *
 *   pointer   31        20 19       12 11           0
 *            ┌────────────┬───────────┬──────────────┐
 *            │ MiB        │ span      │ offset       │
 *            └─────┬──────┴─────┬─────┴──────────────┘
 *   directory[MiB] ┴─> table ───┴─> record
 *
 * A span is unowned (info 0), a slab, or part of the space that larger objects share:
 *
 *   word   slab: equal slots of 16 to 1024 bytes       space: chunks, tiling it without gaps
 *   0      one bit a slot from the top: 1 is free      one bit for 128 bytes: a chunk starts here
 *   1      the same                                    one bit for 128 bytes: a live chunk starts here
 *   2      the same                                    one bit for 128 bytes: an object that started here was freed
 *   3      the same                                    class of the slab that the span was last, 0 for none
 *   4..7   the same
 *   8      info: class, reciprocal, slots used         info: SPACE
 *   9, 10  next and previous slab of the class         next and previous span of the bin
 *   11     0 a new slab, 1 used again, 2 sparse        where the last chunk that starts here ends
 *   12     class: slot size / 16                      start of the chunk that covers the span's first byte
 *   13     pointer of slot 0, the span's last, signed  size of the largest free chunk that starts here
 *   14                                                 where that chunk starts in the span
 *   15     the span's pointer, signed                  the same
 *
 * Places and sizes in the space are counted in granules of 128 bytes: 2^25 of them are 4 GiB, so they are small integers
 * everywhere. The chunk in front of an address is found by the bits in the same span or, when none is set, word 12; the
 * size of a chunk by the next bit in the same span or, when none is set, word 11: two words for boundary tags.
 * Words 2 and 3 tell a second `free` from a pointer that was never handed out, also when the span is unowned.
 */

/** Words of a record; see above. Its first has the starts of chunks, or slots; the second, of the space, the starts of live ones. */
export const LIVE = 1;
export const FREED = 2;
export const FORMER_CLASS = 3;
export const INFO = 8;
export const NEXT = 9;
export const PREVIOUS = 10;
export const LAST_END = 11;
export const COVER = 12;
export const LARGEST = 13;
export const WHERE = 14;
export const POINTER = 15;
/** In a slab's record: NEW as long as no slot was freed, so that those that are free were never handed out. */
export const AGE = 11;
export const NEW = 0;
export const USED_AGAIN = 1;
export const SPARSE = 2;

/** In a slab's record: the class again. `malloc` reads it here, where it need not wait for what `free` has just written to the info. */
export const CLASS = 12;
/** In a slab's record: the pointer of slot 0; slots are counted from the span's end, where the last one ends. */
export const LAST_SLOT = 13;

export const SPAN_BYTES = 4096;
export const GRANULE_BYTES = 128;
export const SPAN_GRANULES = 32;
export const PAGE_GRANULES = 512;
/** Granules of 4 GiB. */
export const END_OF_MEMORY = 0x2000000;

/** Spans, and bytes of the records, of a MiB. */
export const TABLE_SPANS = 256;
export const TABLE_BYTES = 16_384;
/** The directory: a word for each MiB of 4 GiB. */
export const DIRECTORY_WORDS = 4096;
export const DIRECTORY_BYTES = 16_384;

/*
 * info of a slab:
 *
 *   31..23          22     21..7              6..0
 *  ┌───────────────┬──────┬──────────────────┬───────┐
 *  │ slots used - 1│ full │ ceil(2^14/class) │ class │    class: slot size / 16
 *  └───────────────┴──────┴──────────────────┴───────┘
 *
 * Negative is thus "no slot used". FULL slabs are in no list. As long as a slab is not sparse, sparseSlots() are not
 * counted: negative is then "become sparse". Of the slab that a class allocates from, slots used are not
 * counted, so that `malloc` need not: the field starts at CURRENT, and when frees have counted it down to negative it
 * starts there again. A slab that is no longer allocated from is full, so the number is known again.
 */
export const ONE_SLOT = 0x800000;
export const FULL = 0x400000;
export const CURRENT = 0x7f800000;
/** Class and reciprocal. */
export const SHAPE = 0x3fffff;
/** Info of a span of the space: no class. */
export const SPACE = 0x400000;
export const UNOWNED = 0;

export const MAX_SMALL_BYTES = 1024;
/** Largest slot size in 16 bytes. */
export const MAX_CLASS = 64;

/*
 * The control table: everything else there is to know, two kibiwords of the memory.
 *
 *   0..63       for each size in 16s, less 1, the word of slot bits that its class allocates from
 *   64          always 0: what a class without slab allocates from
 *   128..192    for each class, its slabs with free slots: the first is the one it allocates from
 *   200         bins: one bit for each 32 of them that are not all empty
 *   201..224    one bit for each bin that is not empty
 *   232..295    for each size in 16s, less 1, its class
 *   296..1703   for each bin, its first and its last span's record, which form a ring with the bin: the words lie as
 *               those of a record 9 words before the bin's, so that every link leads to one
 *   1704..1768  for each class, its sparse slabs
 *   1776..1780  huge objects: their table, its entries, those in use, those live, all their pages
 *   1791        one bit for the sizes in granules, modulo 32, of which chunks may wait
 *   1792..1871  for each size below 40, two freed chunks that wait for the next request of that size; 0 for none
 */
export const CONTROL_BYTES = 8192;
export const NO_SLAB = 64;
export const SLABS = 128;
export const SPARSE_SLABS = 1704;
export const BIN_GROUPS = 200;
export const BIN_BITS = 201;
export const BINS = 296;
/** Where the first bin would be, were it a record of which only NEXT and PREVIOUS are there. */
export const BIN_NODES = 287;
export const BIN_COUNT = 704;
export const CLASS_OF_SIZE = 232;
export const HUGE_TABLE = 1776;
export const HUGE_CAPACITY = 1777;
export const HUGE_USED = 1778;
export const HUGE_COUNT = 1779;
export const HUGE_PAGES = 1780;
export const WAITING_BITS = 1791;
export const WAITING = 1792;
export const WAITING_SIZES = 40;
/** Objects of so many bytes and more are huge: runs of pages of their own. */
export const HUGE_BYTES = 1_048_576;

// Masks. They tell V8 that an index is positive and small, so that adding to it needs no check, or take a part of a number.

/** A word index. */
export const WORD_INDEX = 0x3fff_ffff;
/** The word index of a record, of a table of records or of the control table: a multiple of 16. Of a word of slots, its slab's record. */
export const RECORD_INDEX = 0x3fff_fff0;
/** A granule. */
export const GRANULE_INDEX = 0x3ff_ffff;
/** The granules of a size below 4 GiB. */
export const SIZE_GRANULES = 0x1ff_ffff;
/** A granule, or the end of the memory. */
export const END_INDEX = 0x7ff_ffff;
/** The first granule of a granule's span. */
export const SPAN_START = 0x3ff_ffe0;
/** Of a pointer: its place in a granule, in 16 bytes, and in 16s of its span. Also what rounds a size up, when it is added before the division. */
export const IN_GRANULE = 127;
export const IN_SLOT_UNIT = 15;
export const SIXTEENTH = 255;
/** Of a span's number: which record of its table. Of a pointer shifted by 8: the record's words from the table's start. */
export const RECORD_NUMBER = 255;
export const RECORD_PLACE = 0xff0;
/** Of a word of slots: which of its slab's, and the slab's record. */
export const WORD_OF_SLOTS = 7;
export const SLAB_OF_WORD = -8;
/** The first slot of a word of slots. */
export const FIRST_SLOT = -0x8000_0000;
/** Of a slab's info: the class, and, shifted by 7, the reciprocal. What a product with the reciprocal has behind its point, in 2^14s. */
export const CLASS_MASK = 127;
export const RECIPROCAL = 0x7fff;
export const FRACTION = 0x3fff;
/** In a slab's info less one slot: it was full, or it is negative. */
export const NOTICED = 0x8040_0000;

// A saved heap.

export const SAVED_CONTROL = 0;
export const SAVED_DIRECTORY = 1;
export const SAVED_BELOW_PEAK = 2;
export const SAVED_PEAK_LIVE = 3;
export const SAVED_SLABS = 4;
export const SAVED_PAGES = 5;
export const SAVED_TABLE_BYTES = 6;
export const SAVED_TOP = 7;
export const SAVED_PEAK = 8;
export const SAVED_FRESH = 9;
export const SAVED_RECORDS_UNUSED = 10;
export const SAVED_SIGNATURE = 11;
export const STATE_BYTES = 48;

/** 2^32 by the golden ratio, which spreads numbers over 32 bits. */
export const GOLDEN = 0x9e37_79b1;
/** "HEAP" in a saved state's signature. */
export const HEAP_SIGNATURE = 0x4845_4150;
