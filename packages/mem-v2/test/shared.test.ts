import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { COMPILER, MemoryContext, RUNTIME, SERVER, SharedContext } from "../src/index.ts";
import { shareAContext } from "./shared.ts";

describe("a context on shared memory", () => {
  it.each([
    [2, "COMPILER", COMPILER],
    [4, "COMPILER", COMPILER],
    [2, "RUNTIME", RUNTIME],
    [4, "SERVER", SERVER],
  ] as const)("serves %i workers at once, in %s mode", async (workers, _, config) => {
    await shareAContext(workers, 50_000, config);
  });

  it("goes on wherever another handle left it, types, objects and totals included", () => {
    const memory = new LinearMemory({ initialPages: 2, maxPages: 1000, shared: true });
    const a = new SharedContext({ ...COMPILER, memory });
    const b = SharedContext.attach(structuredClone(a.handle()));
    a.registerType(4, "Shared");
    const [small, large] = [a.alloc(50, 4), a.alloc(5000, 4)];
    expect(b.typeName(4)).toBe("Shared");
    expect(b.headerOf(large).size).toBe(5000);
    b.free(small);
    expect(codeOf(() => a.free(small))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(a.alloc(50, 4)).toBe(small);
    for (let i = 0; i < 3000; i++) (i % 2 === 0 ? a : b).alloc(i % 900, 1);
    expect(a.stats()).toEqual(b.stats());
    a.verify();
    b.verify();
    b.reset();
    expect(a.stats().liveObjects).toBe(0);
    a.alloc(9, 1);
    a.verify();
    b.destroy();
    expect(codeOf(() => a.alloc(8, 1))).toBe("ERR_MORPH_DESTROYED");
    expect(codeOf(() => a.free(large))).toBe("ERR_MORPH_DESTROYED");
    a.destroy();
  });

  it("gives the lock back after every error", () => {
    const memory = new LinearMemory({ initialPages: 2, maxPages: 12, shared: true });
    const a = new SharedContext({ ...COMPILER, memory });
    const b = SharedContext.attach(a.handle());
    expect(codeOf(() => a.alloc(-1, 1))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(codeOf(() => a.free(12))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => a.headerOf(12))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => a.alloc(10_000_000, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    const fill = () => {
      for (;;) b.alloc(200, 1);
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(codeOf(() => a.alloc(200, 1))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    a.verify();
  });

  it("is made in a shared memory only, in which no other is, and continued only by its handle", () => {
    expect(codeOf(() => new SharedContext({ ...COMPILER, memory: new LinearMemory() }))).toBe(
      "ERR_MORPH_INVALID_CONFIG",
    );
    expect(codeOf(() => new SharedContext(COMPILER))).toBe("ERR_MORPH_INVALID_CONFIG");
    const shared = new LinearMemory({ shared: true, maxPages: 40 });
    expect(codeOf(() => new MemoryContext({ ...COMPILER, memory: shared }))).toBe("ERR_MORPH_INVALID_CONFIG");
    for (const handle of [undefined, {}, 7]) {
      expect(codeOf(() => SharedContext.attach(handle as never))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
  });
});
