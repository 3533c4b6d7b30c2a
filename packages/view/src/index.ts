export type { Allocator } from "./allocator.ts";
export { readUtf8, writeUtf8 } from "./strings.ts";
