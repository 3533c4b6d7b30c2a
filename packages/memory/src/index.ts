export { type AddressSpace, CONTRACT_VERSION, joinMemory, PAGE_BYTES, type PageOwner } from "./address-space.ts";
export { isDestroyed, requireStatePlace } from "./allocator-state.ts";
export { describe, MorphError, type MorphErrorCode, repeatedRefusal, requireOptions } from "./errors.ts";
export { FREED, LIVE, TABLE_STATE_BYTES } from "./layout.ts";
export { LinearMemory } from "./linear-memory.ts";
export type { LinearMemoryOptions } from "./options.ts";
export { requireStack, requireStackFrame } from "./stack.ts";
export { StateTable } from "./state-table.ts";
