import { type AddressSpace, describe, MorphError, StackGuard } from "@morph/memory";
import { type Allocator, allocate, isMemory, requireAllocator } from "./allocator.ts";
import { LAYERS } from "./stack.ts";
import { decodeUtf8, encodeUtf8, utf8Length } from "./utf8.ts";

/*
 *  writeUtf8:                                 writeCString:
 *
 *  pointer       pointer + 4                  pointer
 *  ┌─────────────┬─────────────────────────┐  ┌─────────────────────────┬───┐
 *  │ length: u32 │ length bytes of UTF-8   │  │ bytes of UTF-8          │ 0 │
 *  └─────────────┴─────────────────────────┘  └─────────────────────────┴───┘
 */
const LENGTH_BYTES = 4;

const making = /* @__PURE__ */ new StackGuard(LAYERS);

/**
 * Writes a text into a new object: its length in bytes as 32 bits, and its bytes in UTF-8, as TextEncoder makes them: half a surrogate pair becomes
 * U+FFFD. O(length); the text is written once, in its place.
 * @returns the object's pointer; `allocator.free` takes it back
 * @throws ERR_MORPH_INVALID_CONFIG when it is no string, or there is no allocator; and what the allocator throws
 */
export function writeUtf8(allocator: Allocator, text: string): number {
  requireAllocator(allocator);
  requireText(text);
  const bytes = utf8Length(text);
  making.require(bytes);
  const pointer = allocate(allocator, LENGTH_BYTES + bytes);
  const { u8, u32 } = allocator.memory;
  u32[pointer / 4] = bytes;
  encodeUtf8(text, u8, pointer + LENGTH_BYTES, bytes);
  return pointer;
}

/**
 * The text that {@link writeUtf8} wrote at `pointer`, in a shared memory too. What is not UTF-8 becomes U+FFFD, as TextDecoder makes it; a byte order mark is kept.
 * O(length).
 * @throws ERR_MORPH_INVALID_POINTER when `pointer` is no multiple of 4, null, or what lies there is no text of this memory
 */
export function readUtf8(memory: AddressSpace, pointer: number): string {
  if (!isMemory(memory)) return refuse(memory, pointer);
  if (!Number.isInteger(pointer) || pointer === 0) return refuse(memory, pointer);
  const { u8, u32 } = memory;
  const bytes = u32[pointer / 4];
  const start = pointer + LENGTH_BYTES;
  if (bytes === undefined || start + bytes > u8.length) return refuse(memory, pointer);
  return decodeUtf8(u8, start, start + bytes, memory.shared);
}

/**
 * Writes a text into a new object as C has it: its bytes in UTF-8, and a 0. O(length); the text is written once, in its place.
 * @returns the object's pointer; `allocator.free` takes it back
 * @throws ERR_MORPH_INVALID_CONFIG when it is no string, or has a NUL character, which would end it; and what the allocator throws
 */
export function writeCString(allocator: Allocator, text: string): number {
  requireAllocator(allocator);
  requireText(text);
  if (text.includes("\0")) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `text: expected none with a NUL character, got ${describe(text)}`);
  }
  const bytes = utf8Length(text);
  making.require(bytes);
  const pointer = allocate(allocator, bytes + 1);
  const { u8 } = allocator.memory;
  encodeUtf8(text, u8, pointer, bytes);
  u8[pointer + bytes] = 0;
  return pointer;
}

/**
 * The text from `pointer` to the next 0, in a shared memory too; otherwise as {@link readUtf8}. O(length).
 * @throws ERR_MORPH_INVALID_POINTER when `pointer` is null or not in the memory, or no 0 follows
 */
export function readCString(memory: AddressSpace, pointer: number): string {
  if (!isMemory(memory)) return refuse(memory, pointer);
  const { u8 } = memory;
  const end = Number.isInteger(pointer) && pointer > 0 ? u8.indexOf(0, pointer) : -1;
  return end < 0 ? refuse(memory, pointer) : decodeUtf8(u8, pointer, end, memory.shared);
}

/** @throws ERR_MORPH_INVALID_CONFIG */
function requireText(text: string): void {
  if (typeof text !== "string") {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `text: expected a string, got ${describe(text)}`);
  }
}

function refuse(memory: AddressSpace, pointer: number): never {
  if (!isMemory(memory)) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `memory: expected a LinearMemory, got ${describe(memory)}`);
  }
  throw new MorphError(
    "ERR_MORPH_INVALID_POINTER",
    `expected the pointer of a text in this memory of ${memory.u8.length} bytes, got ${describe(pointer)}`,
  );
}
