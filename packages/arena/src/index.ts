export { Arena, type ArenaOptions, type ArenaStats } from "./arena.ts";
export type { ArenaMark } from "./marks.ts";
