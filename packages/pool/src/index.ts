export type { PoolManagerOptions, PoolOptions } from "./options.ts";
export { POOL_STATE_BYTES, Pool, type PoolStats } from "./pool.ts";
export { PoolManager, type PoolManagerStats } from "./pool-manager.ts";
