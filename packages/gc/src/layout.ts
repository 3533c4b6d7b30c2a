/*
 * Where things lie. Everything that the collector knows is in its memory: a control table, a directory, segment tables and a table for each type.
 *
 *   control table      words that generated code reads and writes (exported, see README) and the size-class table of arrays
 *   directory          a word for each 256 KiB of addresses: the word index of its segment's first block record, or 0
 *   segment table      a head and 64 block records, one for each 4 KiB of the segment
 *   block record       32 words: what lies in the block, and three bits for each object in it
 *   type table         kind records, 16 words each, and the offsets of pointers
 *
 * A block holds slots of one kind, which is a type and a slot size: so an object's type and size follow from its pointer. Slots have at least 16
 * bytes, so `pointer >>> 4` is another number for each object of a block: the bit of the object.
 */

/** Bytes of a block, and how far to shift a pointer for its block's number. */
export const BLOCK_BYTES = 4096;
export const BLOCK_SHIFT = 12;
/** The pointer's place in its block, and the block's in its page of 64 KiB. */
export const BLOCK_MASK = 4095;
export const PAGE_BLOCKS = 16;
export const PAGE_SHIFT = 16;

/** Segments: 256 KiB, 4 pages, 64 blocks. */
export const SEGMENT_SHIFT = 18;
export const SEGMENT_BYTES = 262144;
export const SEGMENT_BLOCKS = 64;
export const SEGMENT_PAGES = 4;
export const SEGMENT_PAGE_MASK = 3;
export const SEGMENT_BLOCK_MASK = 63;
/** Words of the directory, for 4 GiB, and their bytes. */
export const DIRECTORY_WORDS = 16384;
export const DIRECTORY_BYTES = 65536;
/** Half of a segment's blocks: bits of a word. */
export const HALF_BLOCKS = 32;

/** A segment table's bytes: its head and its records; words of the head. */
export const SEGMENT_TABLE_BYTES = 8256;
export const SEGMENT_HEAD_WORDS = 16;
/** Words of the head, back from the first record: which pages the collector has, which blocks are free (0 to 31, 32 to 63). */
export const OWN_PAGES = -3;
export const FREE_LOW = -2;
export const FREE_HIGH = -1;

// --- block records ---------------------------------------------------------------------------------------------------------

/** From a pointer to its record: `(pointer >>> RECORD_SHIFT) & RECORD_MASK`, from the segment's first record. */
export const RECORD_SHIFT = 7;
export const RECORD_MASK = 2016;
export const RECORD_WORDS = 32;
/** `log2(RECORD_WORDS)`. */
export const RECORD_WORDS_SHIFT = 5;

/** Word index of the kind's record. */
export const KIND = 0;
export const STATE = 1;
/** Of a block with free slots: the next such block's record. Of a large object's first block, young or old: how many blocks it has; of the others: which of them this is. */
export const NEXT = 2;
/**
 * Of a young block, in a minor collection: the cursor in the kind's record that its survivors go to; 0 when it is not collected. Of an old block that is to be emptied:
 * its chunks; see `incoming.ts`.
 */
export const LANE = 3;
/** Of a young block: pointer of the end of what was handed out. Of an old block that is to be emptied: where the next word that leads to it is noted. */
export const TOP = 4;
export const FLAGS = 5;
/** Live slots when the block was last swept. */
export const USED = 6;
/** Pointer of the block. */
export const START = 7;
/** Bits of marked objects; in the nursery, of those that were copied. */
export const MARKS = 8;
/** Bits of objects, and of a large object's cards, that stand on the remembered list; in the nursery, of objects that could not be copied. */
export const LOGGED = 16;
/** Bits of slots that hold an object. */
export const LIVE = 24;
/** Words of each of the three. */
export const BITMAP_WORDS = 8;
/** From a pointer to the word of its bit, `(pointer >>> BIT_WORD_SHIFT) & BIT_WORD_MASK`, and to the bit in it, `pointer >>> BIT_SHIFT`. */
export const BIT_WORD_SHIFT = 9;
export const BIT_WORD_MASK = 7;
export const BIT_SHIFT = 4;

// States of a block. 0: not the collector's.
export const FREE = 1;
/** Slots of the old space. */
export const OLD = 2;
/** First, and further blocks of a large object. */
export const LARGE = 3;
export const LARGE_REST = 4;
/** In the nursery: in use, and free. */
export const YOUNG = 5;
export const YOUNG_FREE = 6;
/** First, and further blocks of a large object of the nursery. */
export const YOUNG_LARGE = 7;
export const YOUNG_REST = 8;

// Flags of a block.
/** Swept in the cycle of the control table's `CYCLE`, which is this bit too. */
export const SWEPT = 1;
/** Objects that were marked, and objects that were copied, found no place on the stack. */
export const MARK_OVERFLOW = 2;
export const COPY_OVERFLOW = 4;
/** A young block whose live slots are those of the bitmap. */
export const HOLES = 8;
/** A young block whose objects have survived. */
export const SURVIVED = 16;
/** To be emptied; and emptied: with `MARKS`, objects are elsewhere, and their first words say where. */
export const SPARSE = 32;
export const EMPTIED = 64;

// --- kind records ------------------------------------------------------------------------------------------------------------

export const KIND_WORDS = 16;
/** `log2` of a kind record's bytes. */
export const KIND_BYTES_SHIFT = 6;
/** The next slot in the nursery, and the end of its block: pointers. */
export const CURSOR = 0;
export const LIMIT = 1;
/** Bytes of a slot; 0 for large objects. */
export const SLOT_BYTES = 2;
export const TYPE = 3;
/** Bytes of an array's element, 0 when it is no array; pointers in an object or an element. */
export const STRIDE = 4;
export const POINTERS = 5;
/** Word index of the pointers' offsets in words. */
export const OFFSETS = 6;
/** Bit for each of the first 32 words that is a pointer; of an object that is no array. */
export const POINTER_BITS = 7;
/** As `CURSOR` and `LIMIT`: for objects that survive, and for those that become old. */
export const SURVIVOR = 8;
export const OLD_CURSOR = 10;
/** Record of the block `OLD_CURSOR` is in, and of the first with free slots. */
export const OLD_BLOCK = 12;
export const AVAILABLE = 13;
/** Slots of a block. */
export const SLOTS = 14;
/** Bytes that were asked for; of an array, 0. */
export const DATA_BYTES = 15;

/** Bytes before an array's elements; the first word is the length. */
export const ARRAY_HEADER_BYTES = 8;
export const ARRAY_HEADER_WORDS = 2;

/** Slots have at least so many bytes, and are aligned to 8. */
export const MIN_SLOT_BYTES = 16;
export const ALIGN_BYTES = 8;
export const ALIGN_MASK = 7;
export const GRANULE_SHIFT = 3;
/** Larger objects have blocks of their own. */
export const MAX_SMALL_BYTES = 2048;
/** Of large objects, the remembered list names parts of so many bytes. */
export const CARD_BYTES = 64;
/** Size classes of arrays; the kind after them is that of large ones. */
export const CLASSES = 25;

// --- the control table ---------------------------------------------------------------------------------------------------------

/** Bytes of the table. */
export const CONTROL_BYTES = 448;
// Words that generated code needs; see README.
export const NURSERY_BASE = 0;
export const NURSERY_BYTES = 1;
export const DIRECTORY = 2;
/** 1 while a major collection marks; EMPTYING when it will also empty blocks, so that words which lead there are noted. */
export const MARKING = 3;
export const EMPTYING = 2;
export const STACK_BASE = 4;
export const STACK_TOP = 5;
export const STACK_LIMIT = 6;
export const REMEMBERED_BASE = 7;
export const REMEMBERED_CURSOR = 8;
export const REMEMBERED_LIMIT = 9;
/** 1 when the list was full: the bits tell all. */
export const REMEMBERED_OVERFLOW = 10;
export const MARK_BASE = 11;
export const MARK_CURSOR = 12;
export const MARK_LIMIT = 13;
/** 1 when blocks have `MARK_OVERFLOW`, and `COPY_OVERFLOW`. */
export const MARK_OVERFLOWED = 14;
export const COPY_OVERFLOWED = 15;
/** Counts the collections after which pointers of young objects may be others, and those after which pointers of old ones may be. */
export const MOVES = 16;
export const OLD_MOVES = 17;
/** Words of an entry of the mark stack: pointer and kind. */
export const ENTRY_WORDS = 2;
export const ENTRY_BYTES = 8;
/** Byte offset of the size-class table: for each size in 8s, up to 2,048, the class; 257 bytes. */
export const CLASS_TABLE = 128;
export const CLASS_TABLE_ENTRIES = 257;

/** Bits of a word, the places of a bit in it, and how far to shift a pointer for its word. */
export const WORD_BITS = 32;
export const WORD_BITS_SHIFT = 5;
export const WORD_SHIFT = 2;
/** Every second bit of a word, two of every four, four of every eight, and the lowest of every eight: with these, bits are counted. */
export const BITS_OF_2 = 0x5555_5555;
export const BITS_OF_4 = 0x3333_3333;
export const BITS_OF_8 = 0x0f0f_0f0f;
export const BYTE_ONES = 0x0101_0101;
/** How far to shift a word for its highest byte. */
export const HIGH_BYTE_SHIFT = 24;
