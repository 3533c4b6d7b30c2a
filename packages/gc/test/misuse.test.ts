import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Collector } from "../src/index.ts";

/** A collector with a small nursery, and a type of 16 bytes with one pointer. */
function make(memory = new LinearMemory({ initialPages: 64, maxPages: 256 })) {
  const gc = new Collector({ memory, nurseryBytes: 262_144, traceHandles: true });
  return { gc, memory, cell: gc.type({ name: "cell", size: 16, pointers: [0] }) };
}

describe("a finalizer", () => {
  it("is taken back also when its object was found dead together with one whose finalizer does it, and no other one's is", () => {
    const { gc, cell } = make();
    const kept = gc.handle(gc.alloc(cell));
    const ran: string[] = [];
    let takeBack = (): void => {};
    gc.finalizer(gc.alloc(cell), () => {
      // Takes the place that the second one's object had.
      gc.finalizer(kept.pointer, () => ran.push("kept"));
      gc.weak(kept.pointer);
      takeBack();
    });
    takeBack = gc.finalizer(gc.alloc(cell), () => ran.push("taken back"));
    gc.collect();
    expect(ran).toEqual([]);
    kept.release();
    gc.collect();
    expect(ran).toEqual(["kept"]);
  });

  it("that destroys the memory ends the call with a code, not with a null pointer", () => {
    const { gc, memory, cell } = make();
    gc.finalizer(gc.alloc(cell), () => memory.destroy());
    const pointers = new Set<number>();
    const fill = (): void => {
      for (let i = 0; i < 100_000; i++) pointers.add(gc.alloc(cell));
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_DESTROYED");
    expect(pointers.has(0)).toBe(false);
  });
});

describe("a collector", () => {
  it("is destroyed after its memory without a word", () => {
    const { gc, memory, cell } = make();
    memory.destroy();
    gc[Symbol.dispose]();
    gc.destroy();
    expect(codeOf(() => gc.alloc(cell))).toBe("ERR_MORPH_DESTROYED");
  });

  it("takes no roots in its own pages", () => {
    const { gc, memory, cell } = make();
    const pages = memory.acquire(3, memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }));
    gc.addRoot(pages, (65_536 * 3) / 4);
    const object = gc.alloc(cell);
    for (const [pointer, count] of [
      [object, 1],
      [object + 8, 1],
      [object - 262_144, 131_072],
    ] as const) {
      expect(codeOf(() => gc.addRoot(pointer, count))).toBe("ERR_MORPH_INVALID_POINTER");
    }
  });

  it("notes where handles were made also where stack traces are something else than text", () => {
    const { gc, cell } = make();
    const { prepareStackTrace } = Error;
    try {
      Error.prepareStackTrace = (_, sites) => sites;
      gc.handle(gc.alloc(cell));
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
    expect(gc.handles().map(({ site }) => typeof site)).toEqual(["string"]);
  });

  it("refuses a frame, a root and a type that are no numbers with a code", () => {
    const { gc } = make();
    for (const none of [Symbol("1"), 1n, true, "1", {}, null]) {
      expect(codeOf(() => gc.popFrame(none as number))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => gc.addRoot(none as number))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => gc.liveObjects(none as number))).toBe("ERR_MORPH_INVALID_TYPE");
    }
  });
});
