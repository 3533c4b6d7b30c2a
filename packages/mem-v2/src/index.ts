export { COMPILER, type ContextConfig, type ContextOptions, type Mode, RUNTIME, SERVER } from "./config.ts";
export { type ContextHandle, MemoryContext } from "./context.ts";
export { HEADER_BYTES, MAX_TYPE, type ObjectHeader } from "./header.ts";
export { MUTEX_BYTES, Mutex } from "./mutex.ts";
export type { ContextStats, LiveAndEver, LiveBytes, ObjectStats } from "./statistics.ts";
