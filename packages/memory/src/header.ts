/*
 * The memory describes itself in its own bytes, so that another thread can attach. All of it lies in table regions
 * (`table-regions.ts`); the first one begins with the header, at the first page the memory may use (`firstPage`):
 *
 *   byte 0            64                   256
 *   ┌────────────────┬────────────────────┬─────────────────────────────────────────────────────────
 *   │ magic, version │ counts and places  │ the first table region: page map and other side tables
 *   └────────────────┴────────────────────┴─────────────────────────────────────────────────────────
 *
 * The words between the version and byte 64 hold nothing, so that a write through a null pointer harms little.
 *
 * The page map has a 32-bit word for each page: who owns it. It starts small and moves, twice at most, to a longer table when
 * the memory outgrows it. Free runs need no records: they are words of the map, so that neighbours merge by themselves.
 */

/** "MRPH" in memory. */
export const MAGIC = 0x4850524d;
/** Version of the layout in this file and in `table-regions.ts`. */
export const LAYOUT_VERSION = 1;

/** Bytes of the header. */
export const HEADER_BYTES = 256;

/** Word index of each field, from the header's start. */
export const WORD = {
  magic: 0,
  version: 1,
  /** First page the memory may use; those below belong to a WebAssembly module. */
  firstPage: 16,
  /** Pages the map speaks of: all there were when last looked. */
  pageCount: 17,
  maxPages: 18,
  /** 1 when the memory grows by no more than it needs. */
  exactGrowth: 19,
  /** Pointer of the page map, its entries, and how often it has moved. */
  map: 20,
  mapLength: 21,
  mapMoves: 22,
  /** The next owner id to give. */
  nextOwner: 23,
  /** 1 when no further allocator may join. */
  sealed: 24,
  /** No page from the search's start to this one is free. */
  firstFree: 25,
  /** Where the search for free pages starts: the pages below are used last. */
  searchStart: 26,
  /** Pages in use now, and the most there were. */
  footprint: 27,
  peakFootprint: 28,
  /** Pages that were never handed out. */
  neverUsed: 29,
  /** Table pages without a table. */
  spare: 30,
  /** Runs of so many pages were refused, and nothing was released or grown since; 0 is none. */
  refused: 31,
  /** Pointer of the first table region's head, and pages of all regions. */
  regions: 32,
  regionPages: 33,
  /** The lock that threads take around all of this: 0, or the holder's number. */
  lock: 34,
  /** The number of the next thread that attaches. */
  nextThread: 35,
} as const;

// What the page map says of a page besides an owner's id. Numbers from `SPARE` to `FREE`, but for `FOREIGN`, are free pages.

/** A page of a table region. */
export const MEMORY_ITSELF = 1;
/** The first id given to an allocator. */
export const FIRST_OWNER = 2;
/** Free, and an allocator had it before. */
export const FREE = 0;
/** The module's pages, and pages that someone else's growth brought. */
export const FOREIGN = -1;
/** Free and never handed out; holds zeros. */
export const FRESH = -2;
/** Free and never handed out, but a module may have written there. */
export const UNCLEARED = -3;
/** Free, and a table region before; allocators get it last. */
export const SPARE = -4;

/** Entries that a page map has at least, as the memory grows: 64 MiB, 512 MiB, 4 GiB. */
export const MAP_LENGTHS: readonly number[] = [1024, 8192, 65536];
