/** Functions that are called for the first time near the stack's end, which V8 cannot compile there: whatever throws a RangeError does so before anything changes. */
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { type Attempt, type Program, runLateFunctions } from "../../../scripts/test-kit/late-functions.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

const file = await bundle(new URL("..", import.meta.url), "esm");
const byAddress = (a: number, b: number): number => a - b;

function rangeProgram({ Ranges }: Package, next: (below: number) => number, attempt: Attempt): Program {
  const ranges = new Ranges({ length: 50_000, granule: 1 + 15 * next(2) });
  const live = new Map<number, number>();
  let { length } = ranges;
  const step = (): void => {
    if (live.size > 300) {
      for (const offset of [...live.keys()].slice(next(10))) {
        ranges.free(offset);
        live.delete(offset);
      }
    }
    const old = [...live.keys()][next(Math.max(1, live.size))] ?? -1;
    const count = 1 + next(next(4) === 0 ? 5000 : 300);
    const operation = next(20);
    let made = -1;
    let ended = false;
    attempt(() => {
      if (operation < 11) made = ranges.tryAlloc(count);
      else if (operation < 18 && old >= 0) {
        ranges.free(old);
        ended = true;
      } else if (operation === 18) {
        ranges.grow(length + count);
        length += count;
      } else if (count < 10) {
        ranges.reset();
        live.clear();
      }
    });
    if (ended) live.delete(old);
    if (made >= 0) live.set(made, count);
  };
  const check = (): void => {
    ranges.verify();
    expect(ranges.length).toBe(length);
    expect(ranges.liveObjects()).toEqual([...live.keys()].sort(byAddress));
    expect(ranges.used).toBe([...live.values()].reduce((sum, count) => sum + count, 0));
  };
  return { step, check };
}

it.each(Array.from({ length: 4 }, (_, seed) => seed))("leave nothing half done, seed %i", async (seed) => {
  expect(await runLateFunctions(file, seed, 240, rangeProgram)).toBeGreaterThan(10);
});
