import { describe, expect, it } from "vitest";
import { atDepth } from "../../../scripts/test-kit/at-every-depth.ts";
import { importBundled } from "../../../scripts/test-kit/bundled.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { nearTheStackLimit } from "../../../scripts/test-kit/stack-limit.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

const { COMPILER, LinearMemory, MemoryContext, requireStack, RUNTIME, SERVER, SharedContext } =
  await importBundled<Package>(new URL("..", import.meta.url));

const CASES = [COMPILER, RUNTIME, { ...SERVER, maxBytes: 8 * 2 ** 20 }].flatMap((config) =>
  [false, true].map((shared) => ({ config, shared, mode: config.mode })),
);

describe.each(CASES)("a stack overflow inside a call, in $mode mode, shared: $shared", ({ config, shared }) => {
  it("changes nothing, and leaves no lock taken", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 160, shared });
    const options = { ...config, memory };
    const ctx = shared ? new SharedContext({ ...options, lockTimeoutMs: 500 }) : new MemoryContext(options);
    const there = ctx instanceof SharedContext ? SharedContext.attach(ctx.handle()) : ctx;
    const next = random(11);
    const pointers: number[] = [];
    const sizes: number[] = [];
    let count = 0;
    let serial = 0;
    const put = (pointer: number, size: number): void => {
      if (pointer === 0) return;
      pointers[count] = pointer;
      sizes[count] = size;
      count++;
    };
    // Arrays are not grown where the stack is full.
    for (let i = 0; i < 100_000; i++) pointers[i] = sizes[i] = 0;
    const operation = (): void => {
      const user = (++serial & 1) === 0 ? ctx : there;
      const kind = next(100);
      const size = kind % 3 === 0 ? next(241) : kind % 3 === 1 ? 241 + next(4000) : next(30_000);
      const at = count === 0 ? 0 : next(count);
      if (kind < 52 && count < 90_000) put(user.tryAlloc(size, kind), size);
      else if (kind < 90 && count > 0) {
        user.free(pointers[at]!);
        count--;
        pointers[at] = pointers[count]!;
        sizes[at] = sizes[count]!;
      } else if (kind < 94 && count > 0) {
        // Refused when the memory is full.
        try {
          pointers[at] = user.realloc(pointers[at]!, size);
          sizes[at] = size;
        } catch (error) {
          if ((error as { code?: string }).code !== "ERR_MORPH_OUT_OF_MEMORY") throw error;
        }
      } else if (kind < 95) user.trim();
      else if (kind < 96) user.registerType(next(128), "type");
      else if (kind < 97) user.stats();
      else if (serial % 1000 === 0) {
        user.reset();
        count = 0;
      }
    };
    // Once all of it was compiled: to compile a function takes stack, too.
    for (let i = 0; i < 3000; i++) operation();
    let overflowed = 0;
    for (let round = 0; round < 3; round++) {
      overflowed += nearTheStackLimit(operation).overflows;
      ctx.verify();
      there.verify();
      let bytes = 0;
      for (let i = 0; i < count; i++) {
        expect(ctx.headerOf(pointers[i]!).size).toBe(sizes[i]);
        bytes += sizes[i]!;
      }
      expect(ctx.stats()).toMatchObject({ liveObjects: count, currentLive: bytes });
      expect([...there.liveObjects()].sort()).toEqual(pointers.slice(0, count).sort());
      for (let i = 0; i < 500; i++) operation();
    }
    expect(overflowed).toBeGreaterThan(120);
  });

  it("of a constructor leaves nothing", () => {
    const memory = new LinearMemory({ maxPages: 160, shared });
    const make = () => (shared ? new SharedContext({ ...config, memory }) : new MemoryContext({ ...config, memory }));
    make().destroy();
    const { footprint } = memory;
    let left: { destroy(): void } | undefined;
    const made: { done: number } = { done: 0 };
    const { overflows } = nearTheStackLimit(() => {
      // Where there was stack enough for the constructor, there may not be for this.
      left?.destroy();
      left = undefined;
      left = make();
      made.done++;
    }, 800);
    left?.destroy();
    expect(overflows).toBeGreaterThan(20);
    expect(made.done).toBeGreaterThan(20);
    expect(memory.footprint).toBeLessThanOrEqual(footprint);
    make().verify();
  });
});

describe.each([
  { config: COMPILER, size: 40 },
  { config: RUNTIME, size: 40 },
  { config: RUNTIME, size: 1000 },
])(
  "the first object of its kind, made with the last of the stack, of $size bytes in $config.mode mode",
  ({ config, size }) => {
    it("is counted", () => {
      const ctx = new MemoryContext(config);
      for (let i = 0; i < 30_000; i++) ctx.free(ctx.alloc(size));
      let pointer = 0;
      /** Makes the object in the deepest frame in which there is stack enough for that. */
      const dive = (typeId: number): void => {
        try {
          dive(typeId);
        } catch {
          if (pointer === 0) pointer = ctx.alloc(size, typeId);
        }
      };
      const pointers: number[] = [];
      for (let typeId = 1; typeId < 128; typeId++) {
        pointer = 0;
        dive(typeId);
        pointers.push(pointer);
        expect(pointer).toBeGreaterThan(0);
        // Trimming counts too, and so it must not come before what is left to count.
        if (typeId % 4 === 0) ctx.trim();
        expect(ctx.stats().liveObjects).toBe(typeId);
        ctx.verify();
      }
      expect([...ctx.liveObjects()].sort()).toEqual(pointers.sort());
      for (const each of pointers) ctx.free(each);
      expect(ctx.stats()).toMatchObject({ liveObjects: 0, currentLive: 0, pool: { used: 0 } });
      ctx.verify();
    });
  },
);

describe.each(CASES)("a full context, in $mode mode, shared: $shared", ({ config, shared }) => {
  it("refuses again where less stack is left than a slow path asks for", () => {
    const memory = new LinearMemory({ initialPages: 24, maxPages: 24, shared });
    const options = { ...config, memory };
    const ctx = shared ? new SharedContext(options) : new MemoryContext(options);
    for (const size of [5000, 1000, 40]) while (ctx.tryAlloc(size) !== 0);
    let refused = 0;
    const refuse = (): void => {
      const sizes = [40, 1000, 5000, 2 ** 30, 2 ** 31, 2 ** 32 - 16];
      if (sizes.every((size) => ctx.tryAlloc(size) === 0)) refused++;
    };
    for (let i = 0; i < 1000; i++) refuse();
    expect(atDepth(150, 0, requireStack)).toBe(true);
    expect(atDepth(150, 0, refuse)).toBe(false);
    expect(refused).toBe(1001);
  });
});
