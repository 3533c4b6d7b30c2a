// Names of the bytes that a context owns: constants only, so that the build can put numbers in their place.

/*
 * The 8 bytes before each object, as 32-bit words; a large object's size stands before them:
 *
 *   block                       block + 8    + 12         payload (block + 16)
 *   ┌──────────┬───────────────┬────────────┬────────────┬─────────────
 *   │ unused   │ size          │ tag        │ signature  │ size bytes ...          a large object
 *   └──────────┴───────────────┼────────────┼────────────┼─────────────
 *                              │ tag        │ signature  │ size bytes ...          a small object
 *                              └────────────┴────────────┴─────────────
 *                              slot         + 4          payload (slot + 8)
 *
 *   tag    31 ....... 24  23 .... 17  16     15 ... 13  12 ...... 6  5   4 .......... 0
 *         ┌──────────────┬───────────┬──────┬──────────┬────────────┬───┬───────────────┐
 *         │ size, of a   │ age       │ mark │ flags    │ type       │ 0 │ class, of a   │
 *         │ small object │           │      │          │            │   │ small object  │
 *         └──────────────┴───────────┴──────┴──────────┴────────────┴───┴───────────────┘
 *
 * Age and mark are for a collector; nothing sets them yet. Flags are 0 for a small object, and tell where a large one lies. Type and class
 * together are the place of the object's counter.
 */

/** Bytes of an object's header. */
export const HEADER_BYTES = 8;
/** Bytes of a large object's block before its payload: the header, and its size. */
export const LARGE_HEADER_BYTES = 16;
/** Blocks of large objects start at multiples of so many bytes. */
export const GRANULE = 16;
/** What is added to a payload before its block is rounded down to a multiple of them: the bytes before the payload, and one less than a granule. */
export const LARGE_ROUNDING = 31;
/** Largest type id. */
export const MAX_TYPE = 127;
/** Largest payload for which a context need not look at the memory before it rounds up. */
export const MAX_PLAIN = 0x3fff_ffff;
/** Largest payload that lies in a slot of a size class. */
export const LARGEST_SMALL = 248;

/** Size classes: slots of 8, 16 ... 256 bytes. Class `(size + 7) >>> 3` holds a payload of `size` bytes behind its header. */
export const CLASSES = 32;
export const CLASS_BYTES = 8;
export const CLASS_SHIFT = 3;
export const CLASS_ROUNDING = 7;

export const SIZE_SHIFT = 24;
export const TYPE_SHIFT = 6;
export const CLASS_MASK = 31;
export const FLAGS_SHIFT = 13;
export const FLAGS_MASK = 7;
/** Flags of large objects: which allocator they lie in. */
export const IN_ARENA = 1;
export const IN_HEAP = 2;

/** Words from a large object's tag back to its size. */
export const SIZE_BEFORE = 1;

/** Words of a record of the size classes, as a shift; the head of the free list comes first in it. See `SizeClasses` of `@morph/pool`. */
export const RECORD_SHIFT = 3;
/** Takes the next slot from a head or a link. It changes no other word index, but V8 then knows that it is not negative. */
export const WORD_INDEX = 0x3fff_ffff;

/*
 * A context's state in the memory, as words. All of it is up to date after each call; so another thread goes on from there, once it
 * knows where tables and blocks lie, which is saved for it.
 *
 *   0                 16                48               64 ...
 *   ┌────────────────┬─────────────────┬────────────────┬────────────────────────────────┐
 *   │ names, live    │ saved for       │ known types,   │ a type's totals: 4 floats,     │
 *   │ bytes, chunk   │ other threads   │ large objects  │ its used classes               │
 *   └────────────────┴─────────────────┴────────────────┴────────────────────────────────┘
 */

/** Pointer of the table of type names; 0 before the first. */
export const NAMES = 0;
/** Ids under which the memory knows the context and its allocator of large objects. */
export const OWNER = 1;
export const LARGE_OWNER = 2;
export const MODE = 3;
/**
 * Live bytes as asked for are PEAK - BELOW_PEAK; a thread has BELOW_PEAK in a field while it uses the context. PEAK is the most that there were, until it is lowered, before
 * BELOW_PEAK could overflow; then PEAK_BEFORE keeps what it was.
 */
export const BELOW_PEAK = 4;
export const PEAK = 5;
export const PEAK_BEFORE = 6;
/** What a context saved last, as a number; see `MemoryContext.version`. */
export const VERSION = 7;
/** Where the next object is cut from a chunk of the arena, the bytes that are left there, and those of the next chunk. */
export const CUT_CURSOR = 8;
export const CUT_LEFT = 9;
export const NEXT_CHUNK_BYTES = 10;
/** The table of large objects in the arena: the word index that it would have if it started at pointer 0. */
export const CUT_TABLE = 14;
/** Pointer of the table of counters. */
export const COUNTS = 11;
/** Which size classes have been used, by any type: a bit each. */
export const ALL_CLASSES = 12;
/** Not 0 when a counter is full that could not be emptied, as the stack was full. */
export const LEFT_FULL = 13;
/** Where the state of the size classes is saved, and that of the allocator of large objects. */
export const SAVED = 16;
export const LARGE_SAVED = 20;
/** Which types have been used: a bit each. */
export const KNOWN_TYPES = 56;
export const KNOWN_WORDS = 4;
/** Live bytes of large objects: a float. */
export const LARGE_LIVE = 60;
/** Live objects of each class, but for those in counters. */
export const CARRIED = 64;
export const TYPES = 96;
export const STATE_BYTES = 8576;

/** Words of a type. */
export const TYPE_WORDS_SHIFT = 4;
/** Four floats: objects and bytes allocated in all, and freed in all. */
export const TOTALS = 0;
/** Places of the others behind the first of these floats. */
export const ALLOCATED_BYTES = 1;
export const FREED_OBJECTS = 2;
export const FREED_BYTES = 3;
/** Which classes have been used: a bit each. */
export const USED_CLASSES = 8;
/** The counter of objects cut from chunks, and whether there was one. */
export const CUTS = 9;
export const USED_CUTS = 10;

/*
 * The counters of small objects, in a table by themselves: 64 words for each type, one for each class of objects allocated, then one for each
 * of objects freed. A counter holds the number of objects and their bytes in one word, so that a hot path writes only one:
 *
 *   31          30 ... 20          19 ... 0
 *   ┌──────────┬──────────────────┬────────────────────────┐
 *   │ overflow │ objects, to 2047 │ bytes, to 2047 * 248   │
 *   └──────────┴──────────────────┴────────────────────────┘
 *
 * When the top bit is set they move to the totals. The counters of allocated objects start full, so that the first one overflows, too, and
 * makes its type known. Objects that are cut from a chunk have one counter a type, beside the totals, of the same kind, with 22 bits of bytes, for 511
 * objects of up to 2,047 bytes. Other large objects are counted in the totals at once.
 */
export const COUNTS_BYTES = 0x8000;
export const FREED_COUNTS = 32;
/** The place of an object's counter, in its tag. */
export const COUNTER_MASK = 0x1fff;

export const ONE_SMALL = 0x10_0000;
export const SMALL_SHIFT = 20;
export const SMALL_BYTES = 0xf_ffff;
export const FULL_SMALL = 0x7ff0_0000;

export const ONE_CUT = 0x40_0000;
export const CUT_SHIFT = 22;
export const CUT_BYTES = 0x3f_ffff;
export const FULL_CUTS = 0x7fc0_0000;

/** PEAK is lowered once live bytes have fallen this far below it. */
export const MAX_BELOW_PEAK = 0x3fff_ffff;

/** Largest payload that is cut from a chunk of the arena, all of its bits 1, and the bytes of its block. */
export const LARGEST_CUT = 2047;
export const LARGEST_CUT_BYTES = 2064;
/** A block in the table of large objects: 16 bytes have two bits, so 256 bytes a word, and the shift of a block's bits in it. */
export const TABLE_WORD_SHIFT = 8;
export const TABLE_BITS_SHIFT = 3;
/** The bit that says that the block is live. */
export const TABLE_LIVE = 1;
