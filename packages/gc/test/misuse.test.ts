import { LinearMemory } from "@morph/memory";
import { describe, expect, it, vi } from "vitest";
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

  it.each(["collector", "memory"])("ends its handles with the %s, whose release is still nothing", (what) => {
    const { gc, memory, cell } = make();
    const scope = gc.scope();
    const handles = [gc.handle(gc.alloc(cell)), gc.weak(gc.alloc(cell)), scope.handle(gc.alloc(cell))];
    if (what === "memory") memory.destroy();
    else gc.destroy();
    for (const handle of handles) expect(codeOf(() => handle.pointer)).toBe("ERR_MORPH_DESTROYED");
    for (const handle of handles) handle[Symbol.dispose]();
    scope[Symbol.dispose]();
    gc.destroy();
  });

  it("that a memory has no room for leaves nothing, whatever it got of what it needs", () => {
    const kept: [pages: number, tables: number][] = [];
    for (let maxPages = 1; maxPages < 12; maxPages++) {
      for (const tables of [0, 960, 1000]) {
        const memory = new LinearMemory({ initialPages: 1, maxPages });
        memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
        for (let i = 0; i < tables; i++) memory.tryAcquireTable(64);
        const probe = (): number[] => {
          const table = memory.tryAcquireTable(64);
          if (table !== 0) memory.releaseTable(table, 64);
          return [memory.footprint, table];
        };
        const before = probe();
        const code = codeOf(() => new Collector({ memory }));
        if (code === "ERR_MORPH_OUT_OF_MEMORY" && probe().some((value, i) => value !== before[i])) {
          kept.push([maxPages, tables]);
        }
      }
    }
    expect(kept).toEqual([]);
  });

  it.each([null, {}, undefined])("collects also where there is no clock but a name for it: %s", (clock) => {
    const { gc, cell } = make();
    vi.stubGlobal("performance", clock);
    try {
      for (let i = 0; i < 40_000; i++) gc.alloc(cell);
      gc.collect();
      gc.step(1);
      gc.verify();
    } finally {
      vi.unstubAllGlobals();
    }
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
});

describe("every function refuses what is not meant with a code, and nothing changes", () => {
  const { gc, cell } = make();
  const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
  const object = gc.handle(gc.alloc(cell));
  const array = gc.handle(gc.allocArray(list, 4));
  gc.collect("compact");
  const type = { name: "type", size: 8 };
  const [POINTER, SIZE, TYPE, CONFIG] = ["POINTER", "SIZE", "TYPE", "CONFIG"].map(
    (what) => `ERR_MORPH_INVALID_${what}`,
  );
  /** Code, call, and values that are good. */
  const calls: readonly [code: string | undefined, call: (value: never) => unknown, good?: readonly unknown[]][] = [
    [CONFIG, (value) => new Collector(value), [undefined, "object"]],
    [CONFIG, (value) => new Collector({ memory: value }), [undefined]],
    [CONFIG, (value) => new Collector({ nurseryBytes: value }), [undefined]],
    [CONFIG, (value) => new Collector({ maxBytes: value }), [undefined]],
    [CONFIG, (value) => new Collector({ pauseTargetMs: value }), [undefined, 1.5]],
    [CONFIG, (value) => new Collector({ stackBytes: value }), [undefined]],
    [CONFIG, (value) => new Collector({ onMemoryPressure: value }), [undefined]],
    [CONFIG, (value) => new Collector({ collectEvery: value }), [undefined]],
    [CONFIG, (value) => new Collector({ traceHandles: value }), [undefined, true]],
    [CONFIG, (value) => new Collector({ verifyAlways: value }), [undefined, true]],
    [CONFIG, (value) => new Collector({ moveAlways: value }), [undefined, true]],
    [TYPE, (value) => gc.type(value)],
    [TYPE, (value) => gc.type({ ...type, name: value }), ["1"]],
    [SIZE, (value) => gc.type({ ...type, size: value })],
    [TYPE, (value) => gc.type({ ...type, pointers: value }), [undefined]],
    [TYPE, (value) => gc.type({ ...type, pointers: [value] })],
    [TYPE, (value) => gc.arrayType(value)],
    [SIZE, (value) => gc.arrayType({ ...type, size: value })],
    [TYPE, (value) => gc.cursorOf(value)],
    [TYPE, (value) => gc.arrayCursorsOf(value)],
    [TYPE, (value) => gc.alloc(value)],
    [TYPE, (value) => gc.allocArray(value, 1)],
    [SIZE, (value) => gc.allocArray(list, value)],
    [TYPE, (value) => gc.allocArray(value, value)],
    [POINTER, (value) => gc.write(value, 0, 0)],
    [POINTER, (value) => gc.write(object.pointer, value, 0)],
    [POINTER, (value) => gc.write(array.pointer, value, 0)],
    [POINTER, (value) => gc.write(object.pointer, 0, value)],
    [POINTER, (value) => gc.barrier(value, 0, 0), [Number.NaN, -1, 1.5]],
    [POINTER, (value) => gc.barrier(object.pointer, value, 0), [Number.NaN, -1, 1.5]],
    [POINTER, (value) => gc.barrier(object.pointer, 0, value), [Number.NaN, -1, 1.5]],
    [POINTER, (value) => gc.typeOf(value)],
    [POINTER, (value) => gc.sizeOf(value)],
    [POINTER, (value) => gc.lengthOf(value)],
    [TYPE, (value) => gc.liveObjects(value), [undefined]],
    [POINTER, (value) => gc.addRoot(value)],
    [SIZE, (value) => gc.addRoot(64, value), [undefined]],
    [POINTER, (value) => gc.removeRoot(value)],
    [SIZE, (value) => gc.pushFrame(value)],
    [POINTER, (value) => gc.popFrame(value)],
    [POINTER, (value) => gc.handle(value)],
    [POINTER, (value) => gc.scope().handle(value)],
    [POINTER, (value) => gc.weak(value)],
    [POINTER, (value) => gc.finalizer(value, () => {})],
    [CONFIG, (value) => gc.finalizer(object.pointer, value)],
    [CONFIG, (value) => gc.collect(value), [undefined]],
    [SIZE, (value) => gc.step(value), [1.5]],
  ];
  const hostile = {
    valueOf(): number {
      throw new Error("somebody asked for a number");
    },
  };
  const bad: readonly unknown[] = [
    1n,
    Symbol("1"),
    undefined,
    Number.NaN,
    -1,
    1.5,
    "1",
    true,
    null,
    [[]],
    { 1: 1 },
    hostile,
  ];

  it.each(calls.map((call) => [call[1].toString().slice("(value) => ".length), ...call] as const))(
    "%s",
    (_, code, call, good = []) => {
      const before = [gc.stats(), gc.liveObjects(), gc.types(), gc.handles()];
      for (const value of bad) {
        if (good.includes(value) || (good.includes("object") && typeof value === "object" && value !== null)) continue;
        expect(
          codeOf(() => call(value as never)),
          typeof value === "symbol"
            ? "symbol"
            : JSON.stringify(value, (_key, it: unknown) => (typeof it === "bigint" ? `${it}n` : it)),
        ).toBe(code);
        expect(gc.owns(value as never)).toBe(false);
      }
      expect([gc.stats(), gc.liveObjects(), gc.types(), gc.handles()]).toEqual(before);
      gc.verify();
    },
  );
});
