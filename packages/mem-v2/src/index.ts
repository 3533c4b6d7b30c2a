export { COMPILER, type ContextConfig, type ContextOptions, type Mode, RUNTIME, SERVER } from "./config.ts";
export { MemoryContext } from "./context.ts";
export type { ContextStats, LiveAndEver } from "./counters.ts";
export type { ObjectHeader } from "./header.ts";
export { HEADER_BYTES, MAX_TYPE } from "./layout.ts";
export { MUTEX_BYTES, Mutex } from "./mutex.ts";
export { type Context, type ContextHandle, SharedContext } from "./shared-context.ts";
