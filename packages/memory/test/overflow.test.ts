/** Stack overflows: whatever throws a RangeError does so before anything changes. */
import { describe, expect, it } from "vitest";
import { atEveryDepth } from "../../../scripts/test-kit/at-every-depth.ts";
import { importBundled } from "../../../scripts/test-kit/bundled.ts";

const { LinearMemory, PAGE_BYTES } = await importBundled<typeof import("../src/index.ts")>(
  new URL("..", import.meta.url),
);

describe("a stack overflow", () => {
  it("at any depth leaves the memory in order", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 3000 });
    const id = memory.register({ name: "other", contractVersion: 1, viewsChanged() {} });
    let overflows = 0;
    const runs: number[] = [];
    const tables: number[] = [];
    for (let i = 0; i < 300; i++) {
      overflows += atEveryDepth(() => {
        if (i % 6 === 0 && runs.length > 3) memory.release(runs.shift()!, 2);
        else if (i % 6 === 1 && tables.length > 3) memory.releaseTable(tables.shift()!, 20_000);
        else if (i % 6 === 2) tables.push(memory.acquireTable(20_000));
        else if (i % 6 === 3) memory.tryExtend(runs.at(-1)!, 2, 1);
        else runs.push(memory.acquire(2, id));
      });
      let used = 0;
      for (let page = 0; page < memory.pageCount; page++) if (memory.ownerOf(page * PAGE_BYTES) > 0) used++;
      expect(memory.footprint).toBe(used * PAGE_BYTES);
    }
    expect(overflows).toBeGreaterThan(300);
  });
});
