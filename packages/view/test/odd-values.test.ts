/** Values of wrong types, in every argument of every public function. */
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { expect, it } from "vitest";
import { takeOrRefuse } from "../../../scripts/test-kit/odd-values.ts";
import * as view from "../src/index.ts";

const { array, f32, f64, i32, i64, struct } = view;

it("are refused with a code, and nothing changes", () => {
  const memory = new LinearMemory({ initialPages: 20, maxPages: 400 });
  const heap = new Heap({ memory });
  const block = array(heap, Float64Array, 4, { zeroed: true });
  const kind = struct({ a: i32, b: f64, c: view.bool, d: view.vec(f32, 3), e: i64, f: view.pointer(), g: view.utf8 });
  const lists = struct({ l: view.arrayOf(i32, 4) });
  const pointer = heap.calloc(1, 256);
  const cursor = kind.cursor(memory, pointer);
  const other = kind.cursor(memory, pointer);
  const fields = kind.in(memory);
  const structs = kind.array(memory, pointer, 2);
  const columns = kind.columns(memory, pointer, 2);
  const list = lists.cursor(memory, pointer);
  const calls: Record<string, (odd: never) => unknown> = {
    array: (odd: never) => array(odd, Float64Array, 4),
    "array, type": (odd: never) => array(heap, odd, 4),
    "array, length": (odd: never) => array(heap, Float64Array, odd),
    "array, options": (odd: never) => array(heap, Float64Array, 4, odd).free(),
    "array, align": (odd: never) => array(heap, Float64Array, 4, { align: odd }).free(),
    "array, zeroed": (odd: never) => array(heap, Float64Array, 4, { zeroed: odd }).free(),
    resize: (odd: never) => block.resize(odd),
    blockAt: (odd: never) => view.blockAt(odd, Float64Array, block.handle()),
    "blockAt, handle": (odd: never) => view.blockAt(heap, Float64Array, odd),
    "blockAt, length": (odd: never) => view.blockAt(heap, Float64Array, { ...block.handle(), length: odd }),
    blockOf: (odd: never) => view.blockOf(odd),
    writeUtf8: (odd: never) => view.writeUtf8(odd, "text"),
    readUtf8: (odd: never) => view.readUtf8(odd, pointer),
    "readUtf8, pointer": (odd: never) => view.readUtf8(memory, odd),
    readCString: (odd: never) => view.readCString(odd, pointer),
    "readCString, pointer": (odd: never) => view.readCString(memory, odd),
    struct: (odd: never) => struct({ a: odd }),
    vec: (odd: never) => view.vec(odd, 3),
    "vec, length": (odd: never) => view.vec(f32, odd),
    arrayOf: (odd: never) => view.arrayOf(odd, 3),
    "arrayOf, length": (odd: never) => view.arrayOf(i32, odd),
    in: (odd: never) => kind.in(odd),
    cursor: (odd: never) => kind.cursor(odd),
    "cursor, pointer": (odd: never) => kind.cursor(memory, odd),
    "array of structs": (odd: never) => kind.array(memory, odd, 2),
    "array of structs, length": (odd: never) => kind.array(memory, pointer, odd),
    columns: (odd: never) => kind.columns(memory, odd, 2),
    "columns, length": (odd: never) => kind.columns(memory, pointer, odd),
    columnsSize: (odd: never) => kind.columnsSize(odd),
    "cursor.at": (odd: never) => cursor.at(pointer) && cursor.at(odd).a,
    "in, get": (odd: never) => fields.a.get(odd),
    "in, set": (odd: never) => fields.a.set(odd, 1),
    "array of structs, at": (odd: never) => structs.at(odd).a,
    "columns, at": (odd: never) => columns.at(odd).a,
    "columns, view": (odd: never) => columns.view(odd),
    "list, get": (odd: never) => list.l.get(odd),
    "list, set": (odd: never) => list.l.set(odd, 0),
    "pointer field": (odd: never) => {
      cursor.at(pointer).f = odd;
      cursor.f = 0;
    },
    toObject: (odd: never) => kind.toObject(odd),
    from: (odd: never) => kind.from(odd, cursor),
    "from, cursor": (odd: never) => kind.from({ a: 1 }, odd),
  };
  for (const name of ["a", "b", "c", "d", "e", "f", "g"]) {
    // What it takes is taken back.
    const zero = { a: 0, b: 0, c: false, d: [0, 0, 0], e: 0n, f: 0, g: 0 } as const;
    calls[`from, ${name}`] = (odd: never) => {
      kind.from({ [name]: odd }, cursor);
      kind.from(zero, cursor);
    };
  }
  const state = (): unknown => [
    heap.stats(),
    block.length,
    [...memory.u8.subarray(pointer, pointer + kind.size)],
    other.a,
  ];
  expect(takeOrRefuse(calls, state)).toEqual([]);
  heap.verify();
});
