export {
  type AddressSpace,
  CONTRACT_VERSION,
  joinMemory,
  type ObjectEnds,
  PAGE_BYTES,
  type PageOwner,
  type Roots,
  type WasmMemory,
} from "./address-space.ts";
export { isDestroyed, requireStatePlace } from "./allocator-state.ts";
export { describe, MorphError, type MorphErrorCode, repeatedRefusal, requireOptions } from "./errors.ts";
export { FREED, LIVE } from "./layout.ts";
export { LinearMemory, type LinearMemoryConstructor } from "./linear-memory.ts";
export type { LinearMemoryOptions, OwnMemoryOptions, WasmMemoryOptions } from "./options.ts";
export { BurstGuard, requireStack, StackGuard } from "./stack.ts";
export { StateTable } from "./state-table.ts";
