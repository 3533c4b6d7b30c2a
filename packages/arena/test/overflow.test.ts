/** Stack overflows: whatever throws a RangeError does so before anything changes. */
import { describe, expect, it } from "vitest";
import { atEveryDepth } from "../../../scripts/test-kit/at-every-depth.ts";
import { importBundled } from "../../../scripts/test-kit/bundled.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

const { Arena, LinearMemory, PAGE_BYTES } = await importBundled<Package>(new URL("..", import.meta.url));

describe("a stack overflow", () => {
  it("at any depth leaves an arena in order", () => {
    const memory = new LinearMemory({ initialPages: 2 });
    const arena = new Arena({ memory });
    const sizes = [8, 100, 5000, 70_000, 300_000];
    let mark = arena.mark();
    const uses = [
      (i: number) => void arena.alloc(sizes[i % 5]!),
      (i: number) => void arena.allocZeroed(sizes[i % 5]!, 64),
      () => arena.rewind(mark),
      (i: number) => void arena.alloc(sizes[i % 5]!),
      () => void arena.trim(),
      (i: number) => {
        if (i % 5 === 0) arena.reset();
      },
    ];
    let overflows = 0;
    for (let i = 0; i < 240; i++) {
      mark = arena.mark();
      overflows += atEveryDepth(() => uses[i % 6]!(i));
      arena.verify();
      let pages = 0;
      for (let p = 0; p < memory.u8.length; p += PAGE_BYTES) if (memory.ownerOf(p) === arena.owner) pages++;
      expect(pages * PAGE_BYTES).toBe(arena.stats().footprint);
    }
    expect(overflows).toBeGreaterThan(400);
  });
});
