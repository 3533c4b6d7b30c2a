import { describe, expect, it } from "vitest";
import { atDepth } from "../../../scripts/test-kit/at-every-depth.ts";
import { importBundled } from "../../../scripts/test-kit/bundled.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { nearTheStackLimit } from "../../../scripts/test-kit/stack-limit.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

const { LinearMemory, Pool, PoolManager, requireStack } = await importBundled<Package>(new URL("..", import.meta.url));

let overflowed = 0;

/** Runs an operation where the stack is nearly full, again and again; `check` is called with enough stack after it. */
function overflow(operation: () => void, check: () => void): void {
  const { overflows, done } = nearTheStackLimit(operation);
  overflowed += overflows;
  expect(done).toBeGreaterThan(100);
  check();
}

describe("a stack overflow inside a call changes nothing", () => {
  it.each(["alloc", "tryAlloc"] as const)("of a pool's %s, free, trim and reset", (alloc) => {
    for (const slotSize of [16, 8192]) {
      const memory = new LinearMemory({ initialPages: 1, maxPages: 3000 });
      const pool = new Pool({ slotSize, memory });
      const live = new Set<number>();
      const check = (): void => {
        pool.verify();
        expect(new Set(pool.liveObjects())).toEqual(live);
        expect(pool.stats().used).toBe(live.size);
      };
      const make = (): void => {
        const pointer = pool[alloc]();
        live.add(pointer);
      };
      overflow(make, check);
      overflow(
        () => {
          for (const pointer of live) {
            pool.free(pointer);
            live.delete(pointer);
            break;
          }
          if (live.size === 0) pool.alloc();
        },
        () => pool.verify(),
      );
      pool.reset();
      live.clear();
      for (let i = 0; i < 3000; i++) make();
      overflow(() => void pool.trim(), check);
      // A broken list is made anew in an `alloc`.
      overflow(
        () => {
          const [pointer] = live;
          pool.free(pointer!);
          live.delete(pointer!);
          memory.i32[pointer! / 4] = 4;
          make();
        },
        () => expect(pool.stats().used).toBe(live.size),
      );
      overflow(
        () => pool.reset(),
        () => expect(pool.stats()).toMatchObject({ slabs: 0, used: 0 }),
      );
      pool.destroy();
    }
    expect(overflowed).toBeGreaterThan(1000);
  });

  it("of a manager, whatever it does", () => {
    const memory = new LinearMemory({ initialPages: 1, maxPages: 60 });
    const pools = new PoolManager({ memory });
    const next = random(7);
    const live: number[] = [];
    const operation = (): void => {
      const kind = next(100);
      if (kind < 55) {
        const pointer = pools.tryAlloc(1 + next(256));
        if (pointer !== 0) live.push(pointer);
      } else if (kind < 95 && live.length > 0) {
        const index = next(live.length);
        const pointer = live[index]!;
        pools.free(pointer);
        live[index] = live.at(-1)!;
        live.length--;
      } else if (kind < 97) pools.trim();
      else if (live.length > 0) {
        // A broken list is made anew in an `alloc`.
        const pointer = live[live.length - 1]!;
        const size = pools.usableSize(pointer);
        pools.free(pointer);
        live.length--;
        memory.i32[pointer / 4] = 4;
        live.push(pools.alloc(size));
      }
    };
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 500; i++) operation();
      nearTheStackLimit(operation);
      // Where an overflow kept a list from being made anew, it is now.
      for (const size of [16, 32, 64, 128, 256]) {
        const pointer = pools.tryAlloc(size);
        if (pointer !== 0) pools.free(pointer);
      }
      pools.verify();
      // What an overflow kept from this list is at most what was handed out in the same call.
      expect(pools.stats().used).toBe(live.length);
      expect(new Set(pools.liveObjects())).toEqual(new Set(live));
    }
  });

  it("of a constructor", () => {
    const memory = new LinearMemory();
    const ids = () => {
      const id = memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
      memory.unregister(id);
      return id;
    };
    const { footprint } = memory;
    let made = 0;
    const before = ids();
    const { overflows } = nearTheStackLimit(() => {
      const pools = new PoolManager({ memory });
      made++;
      pools.destroy();
    });
    expect(overflows).toBeGreaterThan(20);
    expect(made).toBeGreaterThan(20);
    expect(ids()).toBeGreaterThan(before);
    expect(memory.footprint).toBe(footprint);
  });
});

describe("a full memory", () => {
  it("is told again where less stack is left than a slow path asks for", () => {
    const memory = new LinearMemory({ initialPages: 8, maxPages: 8 });
    const pool = new Pool({ slotSize: 64, memory });
    const pools = new PoolManager({ memory });
    pools.alloc(64);
    while (pool.tryAlloc() !== 0);
    while (pools.tryAlloc(64) !== 0);
    let refused = 0;
    const refuse = (): void => {
      if (pool.tryAlloc() + pools.tryAlloc(64) + pools.tryAlloc(16) === 0) refused++;
    };
    for (let i = 0; i < 1000; i++) refuse();
    expect(atDepth(150, 0, requireStack)).toBe(true);
    expect(atDepth(150, 0, refuse)).toBe(false);
    expect(refused).toBe(1001);
  });
});
