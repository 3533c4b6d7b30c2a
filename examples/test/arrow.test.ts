import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { Table, tableToIPC, vectorFromArray } from "apache-arrow";
import { expect, it } from "vitest";
import { ArrowColumns, keepFile, readFile } from "../arrow/columns.ts";

const ROWS = 10_000;

it.each([false, true])("a table's columns lie in linear memory, also right after a growth (shared: %s)", (shared) => {
  const memory = new LinearMemory({ initialPages: 8, maxPages: 1024, shared });
  const heap = new Heap({ memory });
  const columns = new ArrowColumns(heap);
  const ids = columns.add("id", Int32Array, ROWS);
  const values = columns.add("value", Float64Array, ROWS);
  for (let i = 0; i < ROWS; i++) {
    ids.view[i] = i;
    values.view[i] = i / 4;
  }
  const isRight = (table: Table): void => {
    expect(table.numRows).toBe(ROWS);
    expect(table.get(4321)!.toJSON()).toEqual({ id: 4321, value: 1080.25 });
    expect(table.getChild("value")!.data[0]!.values.byteOffset).toBe(values.pointer);
  };
  isRight(columns.table);
  const { pageCount } = memory;
  heap.malloc(3_000_000);
  expect(memory.pageCount).toBeGreaterThan(pageCount);
  isRight(columns.table);
  expect([ids.pointer % 64, values.pointer % 64]).toEqual([0, 0]);
  values.view[4321] = -1;
  expect(columns.table.get(4321)!.toJSON()).toEqual({ id: 4321, value: -1 });
  columns.free();
  heap.verify();
});

it("a file is read where it lies, before and after a growth", () => {
  const heap = new Heap({ memory: new LinearMemory({ initialPages: 8 }) });
  const columns = new ArrowColumns(heap);
  columns.add("number", Float32Array, 100).view.fill(1.5);
  const names = new Table({ name: vectorFromArray(["eins", "zwei", "drei", "vier"]) });
  const [text, numbers] = [names, columns.table].map((table) => keepFile(heap, tableToIPC(table)));
  for (const bytes of [1, 4_000_000]) {
    heap.malloc(bytes);
    expect([...readFile(text!).getChild("name")!]).toEqual(["eins", "zwei", "drei", "vier"]);
    expect(readFile(numbers!).getChild("number")!.get(99)).toBe(1.5);
    expect(readFile(numbers!).getChild("number")!.data[0]!.values.buffer).toBe(heap.memory.u8.buffer);
  }
});
