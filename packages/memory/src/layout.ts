/*
 * The memory describes itself in its own bytes, so that another thread can attach. All of it lies in table regions
 * (`table-regions.ts`); the first one begins with the memory's head, at the first page the memory may use (`firstPage`):
 *
 *   byte 0            8        1024                1280
 *   ┌────────────────┬────────┬────────────────────┬─────────────────────────────────────────────────────────
 *   │ magic, version │ guard  │ head words         │ the first table region: page map and other side tables
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
/** Version of this layout. It changes when bytes of an older memory would be misread. */
export const LAYOUT_VERSION = 1;

/** Bytes of the memory's head: magic, version, guard and counts and places (`head-words.ts`). */
export const MEMORY_HEAD_BYTES = 1280;

// What the page map says of a page that is no allocator's. Numbers from `SPARE` to `FREE`, but for `FOREIGN`, are free pages.

/** A page of a table region. */
export const MEMORY_ITSELF = 1;
/** The first id given to an allocator. */
export const FIRST_OWNER = 2;
/** Free; an allocator had the page before. */
export const FREE = 0;
/** The module's pages, and pages that someone else's growth brought. */
export const FOREIGN = -1;
/** Free and never handed out; holds zeros. */
export const FRESH = -2;
/** Free and never handed out, but a module may have written there. */
export const UNCLEARED = -3;
/** Free, and a table region before; allocators get it last. */
export const SPARE = -4;

// Table regions; see `table-regions.ts`.

/** Alignment of tables, and what their sizes are multiples of, in bytes. */
export const GRANULE_BYTES = 64;
/** Bytes at both ends of a region that are never handed out. */
export const GUARD_BYTES = 1024;
/** Bytes of a region's head. */
export const REGION_HEAD_BYTES = 64;

/** Words of a region's head: pointer of the next region's head, 0 in the last, and the region's pages. */
export const NEXT = 0;
export const PAGES = 1;
/** How many granules there are, how many are in use, and how many from the first on may hold something else than zeros. */
export const GRANULES = 2;
export const USED = 3;
export const DIRTY = 4;
/** Word index of the bits, and pointer of the first granule. */
export const BITS = 5;
export const FIRST = 6;
/** 1 when the region was made for one large table, which would keep all of it in use for a small one beside it. */
export const LARGE = 7;
/** How many of its pages are not of those that are kept for tables: as many are kept as without the region. */
export const BESIDE = 8;
/** 1 when allocators had the pages before, so that they are free pages again afterwards, and no spare ones. */
export const THEIRS = 9;

// State tables; see `state-table.ts`.

/** State of a granule: the start of a live object, of a freed one; 0 is neither. */
export const LIVE = 1;
export const FREED = 2;
/** Bits of a granule's state, and the granules whose states are in one word. */
export const STATE_MASK = 3;
export const GRANULES_A_WORD = 16;
/** Words of a saved state table, and their bytes. */
export const SAVED_LO = 0;
export const SAVED_GRANULES = 1;
export const SAVED_WORD = 2;
export const SAVED_BYTES = 3;
export const SAVED_POINTER = 4;
/** Bytes that {@link StateTable.saveState} writes. */
export const TABLE_STATE_BYTES = 20;
