/** Functions that are called for the first time near the stack's end, which V8 cannot compile there: whatever throws a RangeError does so before anything changes. */
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { type Attempt, type Program, runLateFunctions } from "../../../scripts/test-kit/late-functions.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

const file = await bundle(new URL("..", import.meta.url), "esm");
const byAddress = (a: number, b: number): number => a - b;

function poolProgram(
  { LinearMemory, Pool, PoolManager }: Package,
  next: (below: number) => number,
  attempt: Attempt,
): Program {
  const memory = new LinearMemory({ initialPages: 1, maxPages: 400 });
  const pool = new Pool({ slotSize: [8, 24, 256, 8192][next(4)]!, memory });
  const manager = new PoolManager({ memory });
  const slots = new Set<number>();
  const objects = new Set<number>();
  const step = (): void => {
    const which = next(2);
    const [allocator, live] = which === 0 ? ([pool, slots] as const) : ([manager, objects] as const);
    if (next(20) === 0) {
      for (let i = 0; i < 300; i++) {
        const pointer = which === 0 ? pool.tryAlloc() : manager.tryAlloc(1 + next(256));
        if (pointer !== 0) live.add(pointer);
      }
    } else if (live.size > 900) {
      for (const pointer of [...live].slice(next(10))) {
        allocator.free(pointer);
        live.delete(pointer);
      }
    }
    const old = [...live][next(Math.max(1, live.size))] ?? 0;
    const size = 1 + next(256);
    const operation = next(20);
    let made = 0;
    let ended = false;
    let cleared = false;
    attempt(() => {
      if (operation < 9) made = which === 0 ? pool.tryAlloc() : manager.tryAlloc(size);
      else if (operation < 16 && old !== 0) {
        allocator.free(old);
        ended = true;
      } else if (operation < 19) allocator.trim();
      else if (size < 30) {
        allocator.reset();
        cleared = true;
      }
    });
    if (cleared) live.clear();
    if (ended) live.delete(old);
    if (made === 0) return;
    expect(live.has(made)).toBe(false);
    live.add(made);
  };
  const check = (): void => {
    pool.verify();
    manager.verify();
    expect(pool.stats().used).toBe(slots.size);
    expect([...pool.liveObjects()].sort(byAddress)).toEqual([...slots].sort(byAddress));
    expect([...manager.liveObjects()].sort(byAddress)).toEqual([...objects].sort(byAddress));
  };
  return { step, check };
}

it.each(Array.from({ length: 4 }, (_, seed) => seed))("leave nothing half done, seed %i", async (seed) => {
  expect(await runLateFunctions(file, seed, 240, poolProgram)).toBeGreaterThan(10);
});
