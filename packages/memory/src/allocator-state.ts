import { type AddressSpace, notMemory, PAGE_BYTES } from "./address-space.ts";
import { describe, MorphError } from "./errors.ts";
import { MEMORY_HEAD_BYTES } from "./layout.ts";

/**
 * Refuses a place for an allocator's saved state that is not in the memory, or in its head. O(1).
 * @param bytes of the state
 * @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_INVALID_CONFIG when it is no memory
 */
export function requireStatePlace(memory: AddressSpace, pointer: number, bytes: number): void {
  if (typeof memory?.firstPage !== "number") throw notMemory(memory);
  const first = memory.firstPage * PAGE_BYTES;
  const areIntegers = Number.isInteger(pointer) && Number.isInteger(bytes) && bytes >= 0;
  const isPlace = areIntegers && pointer > 0 && pointer % 4 === 0 && pointer + bytes <= memory.u8.length;
  if (isPlace && (pointer >= first + MEMORY_HEAD_BYTES || pointer + bytes <= first)) return;
  throw new MorphError(
    "ERR_MORPH_INVALID_POINTER",
    `expected a multiple of 4 with ${describe(bytes)} bytes of the memory behind it, got ${describe(pointer)}`,
  );
}

/** Whether a memory was destroyed. What allocators had in it is gone with it, so that they have nothing to release. O(1). @throws ERR_MORPH_INVALID_CONFIG when it is no memory */
export function isDestroyed(memory: AddressSpace): boolean {
  if (typeof memory?.ownerOf !== "function") throw notMemory(memory);
  try {
    memory.ownerOf(0);
    return false;
  } catch (error) {
    if ((error as MorphError).code === "ERR_MORPH_DESTROYED") return true;
    throw error;
  }
}
