import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { PoolManager } from "../src/index.ts";

describe("a growth listener", () => {
  it("may look at a manager, and change nothing", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const pools = new PoolManager({ memory });
    const pointers = Array.from({ length: 10 }, () => pools.alloc(64));
    const looked = pointers.map(() => [true, 64]);
    let calls = 0;
    memory.onGrow(() => {
      calls++;
      const before = pools.stats();
      expect(before.used).toBeGreaterThanOrEqual(10);
      expect(pointers.slice(0, 10).map((pointer) => [pools.owns(pointer), pools.usableSize(pointer)])).toEqual(looked);
      expect(pools.owns(pointers[0]! + 8)).toBe(false);
      expect(codeOf(() => pools.usableSize(pointers[0]! + 8))).toBe("ERR_MORPH_INVALID_POINTER");
      expect([...pools.liveObjects()].length).toBe(before.used);
      pools.verify();
      const uses = [
        () => pools.alloc(64),
        () => pools.tryAlloc(64),
        () => pools.free(pointers[0]!),
        () => pools.trim(),
        () => pools.reset(),
        () => pools.destroy(),
      ];
      for (const use of uses) expect(codeOf(use)).toBe("ERR_MORPH_BUSY");
      expect(pools.stats()).toEqual(before);
    });
    for (let i = 0; i < 100_000; i++) pointers.push(pools.alloc(256));
    expect(calls).toBeGreaterThan(1);
    for (const pointer of pointers) pools.free(pointer);
    pools.verify();
  });
});

describe("a manager whose memory was destroyed before it", () => {
  it("is destroyed without an error, and refuses every use", () => {
    const memory = new LinearMemory({ initialPages: 4 });
    const pools = new PoolManager({ memory });
    const slot = pools.alloc(100);
    memory.destroy();
    for (const use of [() => pools.alloc(10), () => pools.free(slot), () => pools.trim()]) {
      expect(codeOf(use)).toBe("ERR_MORPH_DESTROYED");
    }
    pools.destroy();
    pools.destroy();
    expect(codeOf(() => pools.alloc(10))).toBe("ERR_MORPH_DESTROYED");
    expect(pools.owns(slot)).toBe(false);
    expect(pools.stats()).toMatchObject({ slots: 0, used: 0, footprint: 0, tableBytes: 0 });
  });
});

describe("a constructor that is refused", () => {
  it("leaves nothing behind", () => {
    const memory = new LinearMemory();
    const { footprint } = memory;
    memory.acquireTable = () => {
      throw new Error("refused");
    };
    const id = (): number => memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    const before = id();
    expect(() => new PoolManager({ memory })).toThrow("refused");
    expect(codeOf(() => memory.unregister(before + 1))).toBe("ERR_MORPH_NOT_OWNER");
    expect(memory.footprint).toBe(footprint);
    expect(codeOf(() => new PoolManager({ memory, slabByte: PAGE_BYTES } as object))).toBe("ERR_MORPH_INVALID_CONFIG");
  });
});

describe("a manager in another thread", () => {
  it("goes on from the saved state, and refuses every use before it has one", () => {
    const memory = new LinearMemory({ shared: true, maxPages: 1000 });
    const here = new PoolManager({ memory });
    const thereMemory = new LinearMemory({ wasm: memory.wasm, firstPage: 0, attach: true });
    const there = new PoolManager({ memory: thereMemory, owner: here.owner });
    const place = memory.acquireTable(here.stateBytes);
    expect(there.stats()).toMatchObject({ used: 0, tableBytes: 0 });
    for (const use of [() => there.alloc(1), () => there.tryAlloc(1), () => there.free(8), () => there.destroy()]) {
      expect(codeOf(use)).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(codeOf(() => there.loadState(place))).toBe("ERR_MORPH_INVALID_POINTER");
    const live = new Set<number>();
    for (let round = 0; round < 20; round++) {
      const [from, to, toMemory] = round % 2 === 0 ? [here, there, thereMemory] : [there, here, memory];
      for (let i = 0; i < 4000; i++) live.add(from.alloc(1 + ((i * 41 + round) % 256)));
      for (const pointer of live) {
        if (live.size < 3000) break;
        from.free(pointer);
        live.delete(pointer);
      }
      if (round % 5 === 4) from.trim();
      from.saveState(place);
      toMemory.refresh();
      to.loadState(place);
      expect(new Set(to.liveObjects())).toEqual(live);
      to.verify();
    }
    for (const wrong of [place + 4, place + 2, 0, -4, Number.NaN, memory.u8.length - 4]) {
      expect(codeOf(() => here.loadState(wrong))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    here.destroy();
    for (const use of [() => here.saveState(place), () => here.loadState(place)]) {
      expect(codeOf(use)).toBe("ERR_MORPH_DESTROYED");
    }
  });
});

describe("a manager made in a memory that is nearly full of tables", () => {
  it("may make it grow, and breaks nobody's next growth", () => {
    for (let tables = 280; tables < 360; tables++) {
      const memory = new LinearMemory({ initialPages: 1, maxPages: 200 });
      const other = memory.register({ name: "other", contractVersion: 1, viewsChanged() {} });
      for (let i = 0; i < tables; i++) memory.acquireTable(64);
      const manager = new PoolManager({ memory });
      const pointer = manager.alloc(100);
      memory.acquire(20, other);
      manager.free(pointer);
      manager.verify();
    }
  });
});
