export { Arena, type ArenaMark, type ArenaOptions, type ArenaStats } from "./arena.ts";
