export type { PoolManagerOptions, PoolOptions } from "./options.ts";
export { Pool, type PoolStats } from "./pool.ts";
export { PoolManager, type PoolManagerStats } from "./pool-manager.ts";
export {
  type Liveness,
  SizeClasses,
  type SizeClassesOptions,
  type SizeClassesStats,
  type SizeClassStats,
} from "./size-classes.ts";
