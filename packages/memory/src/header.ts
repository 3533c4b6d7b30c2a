/*
 * The memory describes itself in its own bytes, so that another thread can attach: everything below is in the first
 * page the memory may use (`firstPage`), little-endian 32-bit words.
 *
 *   byte 0      256                    256 + 4 * mapLength                64 KiB
 *   ┌───────────┬──────────────────────┬──────────────────────────────────┐
 *   │ header    │ page map: one word a │ small side tables, carved upward │
 *   │ (64 words)│ page, its owner      │                                  │
 *   └───────────┴──────────────────────┴──────────────────────────────────┘
 *
 * A page map of 8,192 entries (512 MiB) fits here. When the memory grows past that, the map moves, once, to four pages
 * of its own that cover all 4 GiB. Free runs need no records: they are the zero words of the map, so that neighbours
 * merge by themselves.
 */

/** "MRPH" in memory. */
export const MAGIC = 0x4850524d;
/** Version of the layout in this file. */
export const LAYOUT_VERSION = 1;

/** Bytes before the page map. */
export const HEADER_BYTES = 256;

/** Word index of each field, from the header's start. */
export const WORD = {
  magic: 0,
  version: 1,
  /** First page the memory may use; those below belong to a WebAssembly module. */
  firstPage: 2,
  /** Pages the map speaks of: all there were when last looked. */
  pageCount: 3,
  maxPages: 4,
  /** Pointer of the page map, and its entries. */
  map: 5,
  mapLength: 6,
  /** The next owner id to give. */
  nextOwner: 7,
  /** No page below this one is free. */
  firstFree: 8,
  /** Pages in use now, and the most there were. */
  footprint: 9,
  peakFootprint: 10,
  /** The part of a page from which the next small table is carved. */
  tableNext: 11,
  tableEnd: 12,
  /** Kept for the lock that threads take around pages and tables; 0 is unlocked. */
  lock: 13,
  /** No page from this one on was ever handed out. */
  untouched: 14,
  /** Heads of the lists of free tables of 64, 128, ... 32,768 bytes. */
  freeTables: 16,
} as const;

/** Page map: a page nobody uses. */
export const FREE = 0;
/** Page map: the header's page, and those that hold side tables. */
export const MEMORY_ITSELF = 1;
/** The first id given to an allocator. */
export const FIRST_OWNER = 2;
/** Page map: the module's pages, and pages that someone else's growth brought. */
export const FOREIGN = -1;

/** Entries of a page map that fits behind the header, and of one that covers all of 4 GiB. */
export const SMALL_MAP = 8192;
export const FULL_MAP = 65536;
/** Pages that the latter takes. */
export const FULL_MAP_PAGES = 4;
