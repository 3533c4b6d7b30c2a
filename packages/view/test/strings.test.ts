import { Arena } from "@morph/arena";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { expect, test } from "vitest";
import { readUtf8, writeUtf8 } from "../src/index.ts";

const TEXTS = ["", "a", "häagen", "日本語", "🦊 and \u0000 too", "\ufeffmarked", "x".repeat(100_000)];

test.each([false, true])("a text comes back as it was written, shared: %s", (shared) => {
  const memory = new LinearMemory({ shared, initialPages: 2, maxPages: 100 });
  for (const allocator of [new Heap({ memory }), new Arena({ memory })]) {
    const pointers = TEXTS.map((text) => writeUtf8(allocator, text));
    expect(pointers.map((pointer) => readUtf8(memory, pointer))).toEqual(TEXTS);
  }
});

test("half a surrogate pair becomes U+FFFD, and so does what is not UTF-8", () => {
  const heap = new Heap();
  const pointer = writeUtf8(heap, "a\ud800b");
  expect(readUtf8(heap.memory, pointer)).toBe("a\ufffdb");
  heap.memory.u8[pointer + 4] = 0xff;
  expect(readUtf8(heap.memory, pointer)).toBe("\ufffd\ufffdb");
});
