export { type AddressSpace, CONTRACT_VERSION, joinMemory, PAGE_BYTES, type PageOwner } from "./address-space.ts";
export { describe, MorphError, type MorphErrorCode, repeatedRefusal, requireOptions } from "./errors.ts";
export { LinearMemory } from "./linear-memory.ts";
export type { LinearMemoryOptions } from "./options.ts";
export { requireStack, requireStackFrame } from "./stack.ts";
export { FREED, LIVE, StateTable, TABLE_STATE_BYTES } from "./state-table.ts";
