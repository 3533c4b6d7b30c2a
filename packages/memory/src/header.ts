/*
 * The memory describes itself in its own bytes, so that another thread can attach. All of it lies in table regions
 * (`table-regions.ts`); the first one begins with the header, at the first page the memory may use (`firstPage`):
 *
 *   byte 0            8        1024                1280
 *   ┌────────────────┬────────┬────────────────────┬─────────────────────────────────────────────────────────
 *   │ magic, version │ guard  │ counts and places  │ the first table region: page map and other side tables
 *   └────────────────┴────────┴────────────────────┴─────────────────────────────────────────────────────────
 *
 * Magic and version are read only when a thread attaches; the guard behind them holds nothing. So a write through a null pointer,
 * or past what a module has below `firstPage`, breaks nothing that allocators rely on.
 *
 * The page map has a 32-bit word for each page: who owns it. It starts small and moves, twice at most, to a longer table when
 * the memory outgrows it. Free runs need no records: they are words of the map, so that neighbours merge by themselves.
 */

/** "MRPH" in memory. */
export const MAGIC = 0x4850524d;
/** Version of the layout in this file and in `table-regions.ts`. */
export const LAYOUT_VERSION = 1;

/** Bytes of the header, the guard in it included. */
export const HEADER_BYTES = 1280;

/** Word index of each field, from the header's start. */
export const WORD = {
  magic: 0,
  version: 1,
  /** First page the memory may use; those below belong to a WebAssembly module. */
  firstPage: 256,
  /** Pages the map speaks of: all there were when last looked. */
  pageCount: 257,
  maxPages: 258,
  /** 1 when the memory grows by no more than it needs. */
  exactGrowth: 259,
  /** Pointer of the page map, its entries, and how often it has moved. */
  map: 260,
  mapLength: 261,
  mapMoves: 262,
  /** The next owner id to give. */
  nextOwner: 263,
  /** 1 when no further allocator may join. */
  sealed: 264,
  /** No page from the search's start to this one is free. */
  firstFree: 265,
  /** Where the search for free pages starts: the pages below are used last. */
  searchStart: 266,
  /** Pages in use now, and the most there were. */
  footprint: 267,
  peakFootprint: 268,
  /** Pages that were never handed out. */
  neverUsed: 269,
  /** Table pages without a table. */
  spare: 270,
  /** Runs of so many pages were refused, and nothing was released or grown since; 0 is none. */
  refused: 271,
  /** No run of so many free pages is there, whether or not the memory could grow; 0 is not known. */
  unfit: 272,
  /** 1 when an allocator has asked for a side table: from then on some pages are kept for these. */
  tablesWanted: 273,
  /** Allocators that have joined and not left, in all threads. */
  members: 274,
  /** Pages of all table regions. */
  regionPages: 275,
  /** The lock that threads take around all of this: 0, or the holder's number. */
  lock: 276,
  /** The number of the next thread that attaches. */
  nextThread: 277,
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
