import type { AddressSpace } from "@morph/memory";
import { type Allocator, allocate } from "./allocator.ts";

/*
 *  pointer       pointer + 4
 *  ┌─────────────┬─────────────────────────┐
 *  │ length: u32 │ length bytes of UTF-8   │
 *  └─────────────┴─────────────────────────┘
 */
const LENGTH_BYTES = 4;

/**
 * Writes a text as UTF-8 into a new object: its length in bytes as 32 bits, and the bytes. Half a surrogate pair becomes U+FFFD. O(length).
 * @returns the object's pointer; `allocator.free` takes it back
 * @throws what the allocator throws when there is no room
 */
export function writeUtf8(allocator: Allocator, text: string): number {
  const bytes = new TextEncoder().encode(text);
  const pointer = allocate(allocator, LENGTH_BYTES + bytes.length);
  const { memory } = allocator;
  memory.u32[pointer / 4] = bytes.length;
  memory.u8.set(bytes, pointer + LENGTH_BYTES);
  return pointer;
}

/** The text that {@link writeUtf8} wrote at `pointer`. What is not UTF-8 becomes U+FFFD. O(length). */
export function readUtf8(memory: AddressSpace, pointer: number): string {
  const length = memory.u32[pointer / 4] as number;
  const start = pointer + LENGTH_BYTES;
  const bytes = memory.u8.subarray(start, start + length);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(memory.shared ? bytes.slice() : bytes);
}
