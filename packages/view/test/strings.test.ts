import { Arena } from "@morph/arena";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { afterEach, describe, expect, it, test, vi } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

/** TextEncoder and TextDecoder as browsers have them, which take no shared bytes. */
function asBrowsers(): void {
  const refuse = (bytes: Uint8Array): void => {
    if (bytes.buffer instanceof SharedArrayBuffer) throw new TypeError("shared");
  };
  const Encoder = class extends TextEncoder {
    override encodeInto(text: string, bytes: Uint8Array): ReturnType<TextEncoder["encodeInto"]> {
      refuse(bytes);
      return super.encodeInto(text, bytes);
    }
  };
  const Decoder = class extends TextDecoder {
    override decode(bytes: Uint8Array<ArrayBuffer>): string {
      refuse(bytes);
      return super.decode(bytes);
    }
  };
  vi.stubGlobal("TextEncoder", Encoder);
  vi.stubGlobal("TextDecoder", Decoder);
}

/** As an AudioWorklet is. */
function asWorklet(): void {
  vi.stubGlobal("TextEncoder", undefined);
  vi.stubGlobal("TextDecoder", undefined);
}

/** Where a program brings an encoder that cannot write into bytes. */
function asFilledIn(): void {
  vi.stubGlobal("TextEncoder", class {});
  vi.stubGlobal("TextDecoder", class {});
}

/** Where names stand for nothing of use. */
function asEmptied(): void {
  vi.stubGlobal("TextEncoder", null);
  vi.stubGlobal("TextDecoder", {});
}

const ENGINES: readonly [string, () => void][] = [
  ["here", () => {}],
  ["in browsers", asBrowsers],
  ["in an AudioWorklet", asWorklet],
  ["with an encoder that fills in for none", asFilledIn],
  ["with names that stand for nothing", asEmptied],
];

const TEXTS = [
  "",
  "a",
  "häagen",
  "日本語",
  "🦊 and \u0000 too",
  "\ufeffmarked",
  "\uffff",
  "x".repeat(100_000),
  "ü🦊".repeat(9000),
];
/** Bytes around everything that makes UTF-8 ill-formed. */
const byte = fc.oneof(
  fc.constantFrom(
    0x41,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  ),
  fc.integer({ min: 0, max: 255 }),
);
const anyText = fc.string({
  unit: fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    fc.constantFrom("a", "é", "日", "🦊", "\ud83e", "\udd8a"),
  ),
  maxLength: 200,
});

describe.each(ENGINES)("a text, %s", (_, prepare) => {
  it.each([false, true])("comes back as it was written, shared: %s", async (shared) => {
    prepare();
    const { readCString, readUtf8, writeCString, writeUtf8 } = await import("../src/strings.ts");
    const memory = new LinearMemory({ shared, initialPages: 2, maxPages: 100 });
    for (const allocator of [new Heap({ memory }), new Arena({ memory })]) {
      const pointers = TEXTS.map((text) => writeUtf8(allocator, text));
      expect(pointers.map((pointer) => readUtf8(memory, pointer))).toEqual(TEXTS);
      const plain = TEXTS.map((text) => text.replace("\0", ""));
      const others = plain.map((text) => writeCString(allocator, text));
      expect(others.map((pointer) => readCString(memory, pointer))).toEqual(plain);
    }
  });

  it.each([false, true])(
    "becomes the bytes that TextEncoder makes, and bytes the text that TextDecoder makes, shared: %s",
    async (shared) => {
      const encoder = new TextEncoder();
      const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
      prepare();
      const { readUtf8, writeUtf8 } = await import("../src/strings.ts");
      const memory = new LinearMemory({ shared, initialPages: 2, maxPages: 100 });
      const heap = new Heap({ memory });
      fc.assert(
        fc.property(anyText, fc.array(byte, { maxLength: 40, size: "max" }), (text, bytes) => {
          const written = writeUtf8(heap, text);
          const expected = encoder.encode(text);
          expect(memory.u32[written / 4]).toBe(expected.length);
          expect([...memory.u8.slice(written + 4, written + 4 + expected.length)]).toEqual([...expected]);
          heap.free(written);
          const given = heap.malloc(4 + bytes.length);
          memory.u32[given / 4] = bytes.length;
          memory.u8.set(bytes, given + 4);
          expect(readUtf8(memory, given)).toBe(decoder.decode(new Uint8Array(bytes)));
          heap.free(given);
        }),
        { numRuns: 300 },
      );
      heap.verify();
    },
  );

  it("lies above 2 GiB, and after a growth, too", async () => {
    prepare();
    const { readCString, readUtf8, writeCString, writeUtf8 } = await import("../src/strings.ts");
    const memory = new LinearMemory({ initialPages: 2 ** 15 + 16 });
    memory.acquire(2 ** 15 - 1, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    const heap = new Heap({ memory });
    const text = "häagen 🦊".repeat(30_000);
    const pointers = Array.from({ length: 20 }, () => [writeUtf8(heap, text), writeCString(heap, text)] as const);
    expect(Math.min(...pointers.flat())).toBeGreaterThan(2 ** 31 - 2 ** 20);
    memory.wasm.grow(1);
    for (const [one, other] of pointers) {
      expect(readUtf8(memory, one)).toBe(text);
      expect(readCString(memory, other)).toBe(text);
    }
  });
});

test("what is no text is refused with a code", async () => {
  const { readCString, readUtf8, writeCString, writeUtf8 } = await import("../src/strings.ts");
  const memory = new LinearMemory({ initialPages: 2 });
  const heap = new Heap({ memory });
  const { currentLive } = heap.stats();
  for (const write of [writeUtf8, writeCString]) {
    expect(codeOf(() => write(heap, 7 as unknown as string))).toBe("ERR_MORPH_INVALID_CONFIG");
    for (const none of [undefined, memory, { memory }] as unknown[]) {
      expect(codeOf(() => write(none as Heap, "text"))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
  }
  for (const read of [readUtf8, readCString]) {
    expect(codeOf(() => read(undefined as unknown as LinearMemory, 8))).toBe("ERR_MORPH_INVALID_CONFIG");
  }
  expect(codeOf(() => writeCString(heap, "a\0b"))).toBe("ERR_MORPH_INVALID_CONFIG");
  expect(heap.stats().currentLive).toBe(currentLive);
  const broken = heap.malloc(8);
  memory.u32[broken / 4] = 2 ** 32 - 1;
  for (const pointer of [0, -4, 6, 2 ** 31, 2 ** 32, Number.NaN, "8", undefined, 8n, Symbol("8"), broken] as number[]) {
    expect([pointer, codeOf(() => readUtf8(memory, pointer))]).toEqual([pointer, "ERR_MORPH_INVALID_POINTER"]);
  }
  memory.u8[memory.u8.length - 1] = 65;
  for (const pointer of [
    0,
    -4,
    1.5,
    2 ** 31,
    Number.NaN,
    "8",
    undefined,
    8n,
    Symbol("8"),
    memory.u8.length - 1,
  ] as number[]) {
    expect([pointer, codeOf(() => readCString(memory, pointer))]).toEqual([pointer, "ERR_MORPH_INVALID_POINTER"]);
  }
});
