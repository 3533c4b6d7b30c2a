import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { Float64, Int32, makeData, makeVector, Table, tableFromIPC, tableToIPC, vectorFromArray } from "apache-arrow";
import { expect, it } from "vitest";
import { ArrowPool } from "../arrow/pool.ts";

const ROWS = 10_000;

it.each([false, true])(
  "a table's columns lie in linear memory, and go through a file without a copy (shared: %s)",
  (shared) => {
    const memory = new LinearMemory({ initialPages: 64, maxPages: 1024, shared });
    const heap = new Heap({ memory });
    const pool = new ArrowPool(heap);
    // Room for all that follows, so that no growth detaches what was made.
    memory.reserve(40);
    const ids = pool.array(Int32Array, ROWS);
    const values = pool.array(Float64Array, ROWS);
    for (let i = 0; i < ROWS; i++) {
      ids[i] = i;
      values[i] = i / 4;
    }
    const table = new Table({
      id: makeVector(makeData({ type: new Int32(), data: ids })),
      value: makeVector(makeData({ type: new Float64(), data: values })),
    });
    expect(ids.byteOffset % 64).toBe(0);
    expect(table.getChild("value")!.data[0]!.values.buffer).toBe(memory.u8.buffer);
    expect([table.numRows, table.get(4321)!.toJSON()]).toEqual([ROWS, { id: 4321, value: 1080.25 }]);

    const names = vectorFromArray(["eins", "zwei", "drei", "vier"]);
    const file = pool.bytes(tableToIPC(new Table({ name: names })));
    const read = tableFromIPC(file);
    expect([...read.getChild("name")!]).toEqual(["eins", "zwei", "drei", "vier"]);
    const copy = tableFromIPC(pool.bytes(tableToIPC(table)));
    expect(copy.getChild("value")!.data[0]!.values.buffer).toBe(memory.u8.buffer);
    expect(copy.get(ROWS - 1)!.toJSON()).toEqual({ id: ROWS - 1, value: (ROWS - 1) / 4 });
    pool.free();
    expect(heap.stats().currentLive).toBe(0);
  },
);
