export { Ids } from "./ids.ts";
export { Ranges, type RangesOptions } from "./ranges.ts";
