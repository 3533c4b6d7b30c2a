export { ARENA_STATE_BYTES, Arena, type ArenaMark, type ArenaOptions, type ArenaStats } from "./arena.ts";
