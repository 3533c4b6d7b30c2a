import { TABLE_STATE_BYTES } from "@morph/memory";
import { LISTS_BYTES } from "./statistics.ts";

// Where a context's state lies in its memory. Some of the words, the free lists and the counters are live
// there; the rest is written there by a shared context, before it gives the lock away.
export const AT_WORDS = 0;
/** 32 words that stay 0: the free slots of a context that may not be used. */
export const AT_NO_LISTS = 64;
/** Free lists and runs, and the counters: see `statistics.ts`. */
export const AT_LISTS = 192;
/** What the arena or the heap knows, each at most 64 bytes. */
export const AT_LARGE: number = AT_LISTS + LISTS_BYTES;
export const AT_OBJECTS: number = AT_LARGE + 64;
export const AT_POOLS: number = AT_OBJECTS + TABLE_STATE_BYTES;

/** Words at AT_WORDS. */
export const NAMES = 1;
export const POOLS_OWNER = 2;
export const LARGE_OWNER = 3;
export const VERSION = 4;
export const LIVE_BYTES = 5;
export const PEAK_BYTES = 6;
export const KEY = 7;
export const MODE = 8;
export const OWN_OWNER = 9;

/** Words of the free slots, one for each size class, counted from the heads of the free lists: see `free-slots.ts`. */
export const RUN_CURSORS = 5;
export const RUN_ENDS = 10;
export const RUNS = 2089;

/** Where the next object goes that is cut from a chunk of the arena, the bytes that are left there, and those of the next chunk. */
export const CHUNK_CURSOR = 15;
export const CHUNK_LEFT = 16;
export const NEXT_CHUNK_BYTES = 17;
