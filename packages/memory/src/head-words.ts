/*
 * The words of the memory's head, by their index from its start (layout: `layout.ts`). To be imported as `WORD`.
 */

export const magic = 0;
export const version = 1;
/** First page the memory may use; those below belong to a WebAssembly module. */
export const firstPage = 256;
/** Pages that the memory had when it was looked at last; the map covers them, as far as it reaches. */
export const pageCount = 257;
export const maxPages = 258;
/** 1 when the memory grows by no more than it needs. */
export const exactGrowth = 259;
/** Pointer of the page map, its entries, and how often it has moved. */
export const map = 260;
export const mapLength = 261;
export const mapMoves = 262;
/** The next owner id to give. */
export const nextOwner = 263;
/** 1 when no further allocator may join. */
export const sealed = 264;
/** Where the first free page may be: from the search's start to this page none is free. */
export const firstFree = 265;
/** Where the search for free pages starts: the pages below are used last. */
export const searchStart = 266;
/** Pages in use now, and the most there were. */
export const footprint = 267;
export const peakFootprint = 268;
/** Pages that were never handed out. */
export const neverUsed = 269;
/** Pages of former table regions: they have no table, and allocators get them last. */
export const spare = 270;
/** The shortest run, in pages, that was refused since something was released or grown; 0 when none was. */
export const refused = 271;
/** The shortest run, in pages, that is known not to be free, whether or not the memory could grow; 0 when none is known. */
export const unfit = 272;
/** So many pages are table regions, or kept for them; 0 before an allocator has asked for a side table, -1 when none are kept. */
export const tablePages = 273;
/** Allocators that have joined and not left, in all threads. */
export const members = 274;
/** Pages of all table regions. */
export const regionPages = 275;
/** The lock that threads take around all of this: 0, or the holder's number. */
export const lock = 276;
/** The number of the next thread that attaches. */
export const nextThread = 277;
/** Word index of the members' table, and its entries; 0 before the first has joined. */
export const memberTable = 278;
export const memberCapacity = 279;
/** 1 when the memory was made elsewhere, so that others may grow it, too. */
export const foreign = 280;
/** How often pages have become free or were added. */
export const releases = 281;
/** Word index of the table of named pointers (`roots-layout.ts`); 0 before the first name is set. */
export const rootTable = 282;
