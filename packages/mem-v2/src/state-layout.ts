import { ARENA_OBJECTS_STATE_BYTES } from "./arena-objects.ts";
import { STATISTICS_BYTES } from "./statistics.ts";

// Where a context's state lies in its memory. Only the mutex, the statistics and a few words are live there; what the
// allocators know is written there by a shared context, before it gives the lock away.
export const AT_MUTEX = 0;
export const AT_WORDS = 16;
export const AT_STATISTICS = 64;
export const AT_ARENA: number = AT_STATISTICS + STATISTICS_BYTES;
export const AT_POOLS: number = AT_ARENA + ARENA_OBJECTS_STATE_BYTES;

/** Words at AT_WORDS. */
export const DESTROYED = 0;
export const NAMES = 1;
export const POOLS_OWNER = 2;
export const ARENA_OWNER = 3;
export const LIVE_BYTES = 4;
export const PEAK_BYTES = 5;
export const ARENA_BYTES = 6;
