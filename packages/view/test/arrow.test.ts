import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { Float64, Int32, makeData, makeVector, Table } from "apache-arrow";
import { expect, test } from "vitest";
import { array } from "../src/index.ts";

const ROWS = 10_000;

test.each([false, true])(
  "an Arrow table over blocks shows their bytes, right after a growth too, shared: %s",
  (shared) => {
    const memory = new LinearMemory({ initialPages: 16, maxPages: 4000, shared });
    const heap = new Heap({ memory });
    const ids = array(heap, Int32Array, ROWS, { align: 64 });
    const values = array(heap, Float64Array, ROWS, { align: 64 });
    for (let i = 0; i < ROWS; i++) {
      ids.view[i] = i;
      values.view[i] = i / 4;
    }
    const table = (): Table =>
      new Table({
        id: makeVector(makeData({ type: new Int32(), data: ids.view })),
        value: makeVector(makeData({ type: new Float64(), data: values.view })),
      });
    const before = table();
    for (let growth = 0; growth < 3; growth++) {
      memory.reserve(memory.pageCount + 1);
      const now = table();
      expect([now.numRows, now.get(4321)!.toJSON()]).toEqual([ROWS, { id: 4321, value: 1080.25 }]);
      // Without a copy: what is written to the block is in the table, and the other way round.
      expect(now.getChild("value")!.data[0]!.values.buffer).toBe(values.view.buffer);
      values.view[7] = growth;
      expect(now.getChild("value")!.get(7)).toBe(growth);
      expect(memory.f64[values.pointer / 8 + 7]).toBe(growth);
      expect([...now.getChild("id")!].every((id, i) => id === i)).toBe(true);
    }
    // A table is as old as the views it was made of.
    expect(before.getChild("value")!.data[0]!.values.length).toBe(shared ? ROWS : 0);
  },
);
