export { COMPILER, type ContextConfig, type Mode, RUNTIME, SERVER, VM } from "./config.ts";
export { type ContextHandle, type ContextStats, MemoryContext } from "./context.ts";
export { HEADER_BYTES, MAX_TYPE, type ObjectHeader } from "./header.ts";
export { MUTEX_BYTES, Mutex } from "./mutex.ts";
export type { LiveAndEver, ObjectStats } from "./statistics.ts";
