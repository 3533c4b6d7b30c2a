/** Functions that are called for the first time near the stack's end, which V8 cannot compile there: whatever throws a RangeError does so before anything changes. */
import { expect, it } from "vitest";
import { atDepth } from "../../../scripts/test-kit/at-every-depth.ts";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { type Attempt, type Program, runLateFunctions } from "../../../scripts/test-kit/late-functions.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

const file = await bundle(new URL("..", import.meta.url), "esm");

function arenaProgram({ Arena, LinearMemory }: Package, next: (below: number) => number, attempt: Attempt): Program {
  const memory = new LinearMemory({ initialPages: 1, maxPages: 2000 });
  const arena = new Arena({ memory, blockBytes: [65_536, 1 << 20][next(2)]! });
  let live: [pointer: number, size: number][] = [];
  const marks: { mark: ReturnType<typeof arena.mark>; count: number }[] = [];
  const step = (): void => {
    if (live.length > 200 + next(1000)) {
      arena.reset();
      live = [];
      marks.length = 0;
    }
    const size = 1 + next([200, 5000, 200_000, 1_000_000][Math.min(next(4), next(4))]!);
    const operation = next(20);
    let made = 0;
    let left = live.length;
    let mark: ReturnType<typeof arena.mark> | undefined;
    attempt(() => {
      if (operation < 10) made = arena.tryAlloc(size, operation < 2 ? 64 : 8);
      else if (operation < 13) made = arena.allocZeroed(size);
      else if (operation === 13) mark = arena.mark();
      else if (operation < 17 && marks.length > 0) {
        arena.rewind(marks[marks.length - 1]!.mark);
        left = marks[marks.length - 1]!.count;
      } else if (operation === 18) arena.trim();
      else if (operation === 19 && size < 50) {
        arena.reset();
        left = -1;
      }
    });
    if (left < live.length) live.length = Math.max(0, left);
    if (left < 0) marks.length = 0;
    if (mark !== undefined) marks.push({ mark, count: live.length });
    while (marks.length > 0 && marks[marks.length - 1]!.count > live.length) marks.pop();
    if (made === 0) return;
    live.push([made, size]);
    memory.u8[made] = memory.u8[made + size - 1] = made >>> 7;
  };
  const check = (): void => {
    arena.verify();
    const bytes = live.reduce((sum, [, size]) => sum + size, 0);
    const { used, footprint } = arena.stats();
    expect(used).toBeGreaterThanOrEqual(bytes);
    expect(memory.footprint - footprint).toBeLessThan(10 * 65_536);
    let end = 0;
    for (const [pointer, size] of [...live].sort(([a], [b]) => a - b)) {
      expect(pointer).toBeGreaterThanOrEqual(end);
      expect([memory.u8[pointer], memory.u8[pointer + size - 1]]).toEqual([
        (pointer >>> 7) & 255,
        (pointer >>> 7) & 255,
      ]);
      end = pointer + size;
    }
  };
  return { step, check };
}

it.each(Array.from({ length: 4 }, (_, seed) => seed))("leave nothing half done, seed %i", async (seed) => {
  expect(await runLateFunctions(file, seed, 240, arenaProgram)).toBeGreaterThan(10);
});

it("a full arena refuses again where less stack is left than a slow path asks for", async () => {
  const { Arena, LinearMemory, requireStack } = (await import(/* @vite-ignore */ file)) as Package;
  const arena = new Arena({ memory: new LinearMemory({ initialPages: 4, maxPages: 4 }) });
  while (arena.tryAlloc(1000) !== 0);
  let refused = 0;
  const refuse = (): void => {
    if (arena.tryAlloc(1000) === 0) refused++;
  };
  for (let i = 0; i < 1000; i++) refuse();
  expect(atDepth(150, 0, requireStack)).toBe(true);
  expect(atDepth(150, 0, refuse)).toBe(false);
  expect(refused).toBe(1001);
});
