import { expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { MemoryContext, SERVER } from "../src/index.ts";

it.each(["frees it", "resets the context", "frees all others"])(
  "realloc refuses an object that a pressure listener took meanwhile, and loses none: the listener %s",
  (act) => {
    const MIB = 2 ** 20;
    let pressed = 0;
    const ctx: MemoryContext = new MemoryContext({
      ...SERVER,
      maxBytes: 2 * MIB,
      onMemoryPressure: () => {
        if (pressed++ > 0) return;
        if (act === "resets the context") ctx.reset();
        else for (const each of [...ctx.liveObjects()]) if ((each === pointer) === (act === "frees it")) ctx.free(each);
      },
    });
    const pointer = ctx.alloc(300_000, 1);
    ctx.memory.u8.fill(7, pointer, pointer + 300_000);
    while (ctx.stats().currentLive < 1.2 * MIB) ctx.alloc(50_000, 2);
    const before = ctx.stats().liveObjects;
    const code = codeOf(() => {
      const moved = ctx.realloc(pointer, 900_000);
      expect(ctx.owns(moved)).toBe(true);
      expect(ctx.memory.u8.subarray(moved, moved + 300_000).every((byte) => byte === 7)).toBe(true);
    });
    expect(pressed).toBeGreaterThan(0);
    const expected = act === "frees all others" ? "did not throw" : /ERR_MORPH_(DOUBLE_FREE|INVALID_POINTER)/;
    expect(code).toMatch(expected);
    const left = { "frees it": before - 1, "resets the context": 0, "frees all others": 1 }[act];
    expect(ctx.stats().liveObjects).toBe(left);
    ctx.verify();
  },
);
