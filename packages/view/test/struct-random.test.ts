import { Worker } from "node:worker_threads";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  arrayOf,
  bits,
  bool,
  type FieldType,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  pointer,
  struct,
  u8,
  u16,
  u32,
  u64,
  vec,
} from "../src/index.ts";
import { encode, type StructModel, structModels, structOf, valuesOf } from "./struct-model.ts";

type Values = Record<string, unknown>;
type AnyStruct = ReturnType<typeof structOf>;

const quiet = { name: "test", contractVersion: 1, viewsChanged() {} };

/** The kinds of memory there are, each with a heap and the ways in which it grows. */
const MEMORIES: Record<string, () => { heap: Heap; growths: (() => void)[] }> = {
  unshared: () => {
    const memory = new LinearMemory({ initialPages: 4 });
    return { heap: new Heap({ memory }), growths: ownAndForeign(memory) };
  },
  "above 2 GiB": () => {
    const memory = new LinearMemory();
    memory.acquire(33_000, memory.register(quiet));
    return { heap: new Heap({ memory }), growths: ownAndForeign(memory) };
  },
  "a module's": () => {
    const wasm = new WebAssembly.Memory({ initial: 2, maximum: 5000 });
    const memory = new LinearMemory({ wasm, firstPage: 1 });
    return { heap: new Heap({ memory }), growths: ownAndForeign(memory) };
  },
  shared: () => {
    const memory = new LinearMemory({ initialPages: 4, maxPages: 5000, shared: true });
    const there = new LinearMemory({ wasm: memory.wasm, firstPage: 0, attach: true });
    const id = there.register(quiet);
    const another = (): void => {
      // The page is the other thread's; what comes after it is this thread's again.
      there.acquire(3, id);
    };
    return { heap: new Heap({ memory }), growths: [...ownAndForeign(memory), another] };
  },
};

function ownAndForeign(memory: LinearMemory): (() => void)[] {
  return [() => memory.reserve(memory.pageCount), () => void memory.wasm.grow(1)];
}

interface Live {
  readonly model: StructModel;
  readonly Type: AnyStruct;
  readonly pointer: number;
  values: Values;
  /** As a C compiler would have it. */
  readonly bytes: Uint8Array;
  /** What was made before the memory grew must go on. */
  readonly cursor: ReturnType<AnyStruct["cursor"]>;
  readonly fields: Record<string, { get(pointer: number): unknown; set(pointer: number, value: unknown): void }>;
}

describe.each(Object.keys(MEMORIES))("random programs over structs, memory %s", (kind) => {
  const { heap, growths } = MEMORIES[kind]!();
  const { memory } = heap;

  function make(model: StructModel, values: Values): Live {
    const Type = structOf(model);
    const pointer = heap.calloc(1, Type.size);
    const live = {
      model,
      Type,
      pointer,
      values,
      bytes: new Uint8Array(Type.size),
      cursor: Type.cursor(memory, pointer),
      fields: Type.in(memory) as unknown as Live["fields"],
    };
    Type.from(values as never, live.cursor);
    encode(model, values, live.bytes);
    return live;
  }

  function check({ Type, pointer, values, bytes, cursor, model, fields }: Live): void {
    // The accessors first: reading bytes through the memory would renew the memory's own views.
    expect(Type.toObject(cursor)).toEqual(values);
    for (const [i, field] of model.fields.entries()) {
      if (field.kind === "scalar" || field.kind === "bits")
        expect(fields[`f${i}`]!.get(pointer)).toEqual(values[`f${i}`]);
    }
    expect(cursor.pointer).toBe(pointer);
    expect(memory.u8.slice(pointer, pointer + Type.size)).toEqual(bytes);
  }

  test("agree with plain values and with the bytes that C has", () => {
    const program = fc.array(
      structModels().chain((model) =>
        fc.tuple(fc.constant(model), valuesOf(model), valuesOf(model), fc.nat(), fc.boolean()),
      ),
      { minLength: 1, maxLength: 8 },
    );
    let round = 0;
    const grow = (): void => {
      // Few growths of our own: each doubles the memory.
      const own = round < 5 ? 0 : 1;
      growths[own + (round % (growths.length - own))]!();
    };
    fc.assert(
      fc.property(program, (steps) => {
        const lives: Live[] = [];
        for (const [model, values, others, pick, byField] of steps) {
          lives.push(make(model, values as Values));
          if (round++ % 5 === 0) grow();
          const live = lives[pick % lives.length] as Live;
          if (live.model === model && byField) {
            for (const [name, value] of Object.entries(others as Values)) live.fields[name]!.set(live.pointer, value);
            live.values = others as Values;
            encode(model, others, live.bytes);
          }
          check(live);
        }
        for (const live of lives) check(live);
        for (const { pointer } of lives) heap.free(pointer);
      }),
      { numRuns: 80 },
    );
    heap.verify();
  });

  test("in arrays and columns, too", () => {
    fc.assert(
      fc.property(
        structModels(1).chain((model) =>
          fc.tuple(fc.constant(model), fc.array(valuesOf(model), { minLength: 1, maxLength: 9 })),
        ),
        fc.boolean(),
        ([model, rows], inColumns) => {
          const Type = structOf(model);
          const { length } = rows;
          const bytes = inColumns ? Type.columnsSize(length) : length * Type.size;
          const pointer = heap.malloc(bytes);
          const end = heap.malloc(8);
          memory.u8.fill(255, pointer + bytes, pointer + heap.usableSize(pointer));
          const all = inColumns ? Type.columns(memory, pointer, length) : Type.array(memory, pointer, length);
          for (const [i, row] of rows.entries()) Type.from(row as never, all.at(i));
          memory.wasm.grow(0);
          for (const [i, row] of rows.entries()) expect(Type.toObject(all.at(i))).toEqual(row);
          expect(
            memory.u8.slice(pointer + bytes, pointer + heap.usableSize(pointer)).every((byte) => byte === 255),
          ).toBe(true);
          heap.free(pointer);
          heap.free(end);
        },
      ),
      { numRuns: 30 },
    );
    heap.verify();
  });
});

const Node = struct({ id: u32, mass: f64, at3: vec(f64, 3), tags: arrayOf(u8, 5), inner: struct({ n: i32 }) });

/** Reads and writes of all kinds, each of which must find the memory's present views by itself. */
const USES: Record<string, (memory: LinearMemory, pointer: number) => () => number> = {
  "a cursor's field": (memory, pointer) => {
    const cursor = Node.cursor(memory, pointer);
    return () => (cursor.mass += 1);
  },
  "a component": (memory, pointer) => {
    const cursor = Node.cursor(memory, pointer);
    return () => (cursor.at3.y += 1);
  },
  "a list": (memory, pointer) => {
    const { tags } = Node.cursor(memory, pointer);
    return () => {
      tags.set(3, tags.get(3) + 1);
      return tags.get(3);
    };
  },
  "a nested struct": (memory, pointer) => {
    const { inner } = Node.cursor(memory, pointer);
    return () => ++inner.n;
  },
  "a field by pointer": (memory, pointer) => {
    const { id } = Node.in(memory);
    return () => {
      id.set(pointer, id.get(pointer) + 1);
      return id.get(pointer);
    };
  },
  "an array": (memory, pointer) => {
    const array = Node.array(memory, pointer, 1);
    return () => ++array.at(0).id;
  },
  columns: (memory, pointer) => {
    const columns = Node.columns(memory, pointer, 1);
    return () => ++columns.at(0).id;
  },
  "a packed struct": (memory, pointer) => {
    const cursor = struct({ a: u8, b: f64 }, { layout: "packed" }).cursor(memory, pointer);
    return () => (cursor.b += 1);
  },
};

describe.each(Object.entries(USES))("%s", (_, use) => {
  test.each([false, true])("is right after each kind of growth, shared: %s", (shared) => {
    const memory = new LinearMemory({ initialPages: 4, maxPages: 3000, shared });
    const heap = new Heap({ memory });
    const step = use(memory, heap.calloc(1, 256));
    for (let i = 1; i < 200; i++) {
      // The write after a growth, and the read after the next, are the ones that could be lost.
      if (i % 20 === 0) memory.reserve(Math.ceil(memory.pageCount / 4));
      else if (i % 7 === 0) memory.wasm.grow(1);
      expect(step()).toBe(i);
    }
  });
});

const ONES = { i8, u8, i16, u16, i32, u32, f32, f64 };
const Ones = struct({ ...ONES, i64, u64, bool, bits: bits(u16, 9), to: pointer() });
const PackedOnes = struct({ ...ONES, i64, u64, bool, bits: bits(u16, 9), to: pointer() }, { layout: "packed" });

// What an access finds first after a growth is a view of the old memory.
test.each(Object.entries({ c: Ones, packed: PackedOnes }))(
  "each type is written and read right after a growth, layout %s",
  (_, Type) => {
    for (const shared of [false, true]) {
      for (const name of Object.keys(Type.offsets)) {
        const memory = new LinearMemory({ initialPages: 4, maxPages: 50, shared });
        const pointer = new Heap({ memory }).calloc(1, Type.size);
        const cursor = Type.cursor(memory, pointer) as unknown as Record<string, unknown>;
        const value = name.endsWith("64") && name !== "f64" ? 77n : name === "bool" ? true : 77;
        memory.wasm.grow(1);
        cursor[name] = value;
        memory.wasm.grow(1);
        expect([name, cursor[name]]).toEqual([name, value]);
        memory.reserve(memory.pageCount);
        expect([name, cursor[name]]).toEqual([name, value]);
      }
    }
  },
);

test("an object in pages that another thread has brought is seen", async () => {
  const memory = new LinearMemory({ initialPages: 4, maxPages: 100, shared: true });
  const cursor = Node.cursor(memory);
  const { id } = Node.in(memory);
  const code = `
    const { workerData, parentPort } = require("node:worker_threads");
    parentPort.on("message", () => {
      const pointer = workerData.grow(1) * 65536 + 65536 - ${Node.size};
      new Uint32Array(workerData.buffer)[pointer / 4] = pointer;
      parentPort.postMessage(pointer);
    });`;
  const worker = new Worker(code, { eval: true, workerData: memory.wasm });
  try {
    for (let i = 0; i < 20; i++) {
      worker.postMessage("grow");
      const pointer = await new Promise<number>((resolve) => worker.once("message", resolve));
      expect(i % 2 === 0 ? cursor.at(pointer).id : id.get(pointer)).toBe(pointer);
      cursor.at(pointer).mass = i;
      expect(cursor.mass).toBe(i);
    }
  } finally {
    await worker.terminate();
  }
});

test("the last struct below 4 GiB", () => {
  const memory = new LinearMemory({ maxPages: 65_536 });
  memory.acquire(33_000, memory.register(quiet));
  const pointer = memory.u8.length - Node.size;
  const cursor = Node.cursor(memory, pointer);
  cursor.mass = 4;
  cursor.inner.n = 5;
  expect([cursor.pointer, cursor.mass, cursor.inner.n, memory.f64[(pointer + Node.offsets.mass) / 8]]).toEqual([
    pointer,
    4,
    5,
    4,
  ]);
  const Links = struct({ next: u32 as FieldType<number, number, number> });
  const link = Links.cursor(memory, pointer);
  link.at(pointer).at(memory.u8.length - 4);
  expect(link.pointer).toBe(memory.u8.length - 4);
});
