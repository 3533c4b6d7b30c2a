/** Functions that are called for the first time near the stack's end, which V8 cannot compile there: whatever throws a RangeError does so before anything changes. */
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { type Attempt, type Program, runLateFunctions } from "../../../scripts/test-kit/late-functions.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

const file = await bundle(new URL("..", import.meta.url), "esm");
const byAddress = (a: number, b: number): number => a - b;

function contextProgram(seed: number) {
  return (
    { COMPILER, LinearMemory, MemoryContext, RUNTIME, SERVER, SharedContext }: Package,
    next: (below: number) => number,
    attempt: Attempt,
  ): Program => {
    const config = [COMPILER, RUNTIME, { ...SERVER, maxBytes: 8 << 20 }][seed % 3]!;
    const shared = seed % 2 === 1;
    const memory = new LinearMemory({ initialPages: 1, maxPages: 2000, shared });
    const options = { ...config, memory };
    const here = shared ? new SharedContext({ ...options, lockTimeoutMs: 500 }) : new MemoryContext(options);
    const there = here instanceof SharedContext ? SharedContext.attach(here.handle()) : here;
    const live = new Map<number, number>();
    const step = (): void => {
      const context = next(2) === 0 ? here : there;
      if (live.size > 200 + next(200)) {
        for (const pointer of [...live.keys()].slice(next(20))) {
          context.free(pointer);
          live.delete(pointer);
        }
      }
      const old = [...live.keys()][next(Math.max(1, live.size))] ?? 0;
      const size = 1 + next([240, 4000, 30_000][next(3)]!);
      const operation = next(20);
      let made = 0;
      let ended = false;
      let cleared = false;
      attempt(() => {
        if (operation < 8) made = context.tryAlloc(size, operation);
        else if (operation < 14 && old !== 0) {
          context.free(old);
          ended = true;
        } else if (operation < 17 && old !== 0) {
          made = context.realloc(old, size);
          ended = true;
        } else if (operation === 17) context.trim();
        else if (operation === 18) context.registerType(next(128), "type");
        else if (size < 40) {
          context.reset();
          cleared = true;
        }
      });
      if (cleared) live.clear();
      if (ended) live.delete(old);
      if (made === 0) return;
      live.set(made, size);
      memory.u8[made] = memory.u8[made + size - 1] = made >>> 7;
    };
    const check = (): void => {
      here.verify();
      there.verify();
      for (const [pointer, size] of live) {
        expect(here.headerOf(pointer).size).toBe(size);
        expect([memory.u8[pointer], memory.u8[pointer + size - 1]]).toEqual([
          (pointer >>> 7) & 255,
          (pointer >>> 7) & 255,
        ]);
      }
      const bytes = [...live.values()].reduce((sum, size) => sum + size, 0);
      expect(here.stats()).toMatchObject({ liveObjects: live.size, currentLive: bytes });
      expect([...there.liveObjects()].sort(byAddress)).toEqual([...live.keys()].sort(byAddress));
    };
    return { step, check };
  };
}

it.each(Array.from({ length: 4 }, (_, seed) => seed))("leave nothing half done, seed %i", async (seed) => {
  expect(await runLateFunctions(file, seed, 240, contextProgram(seed))).toBeGreaterThan(10);
});
