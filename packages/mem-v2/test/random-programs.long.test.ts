import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { COMPILER, MemoryContext, RUNTIME } from "../src/index.ts";

const OPERATIONS = 10_000_000;

describe("10 million random operations on a context", () => {
  it.each([COMPILER, RUNTIME])("agree with a plain model: $mode", { timeout: 600_000 }, (config) => {
    const next = random(20_260);
    const memory = new LinearMemory({ initialPages: 1 });
    const ctx = new MemoryContext({ ...config, memory });
    const pointers: number[] = [];
    const sizes: number[] = [];
    let bytes = 0;
    let ever = 0;
    const check = () => {
      ctx.verify();
      pointers.forEach((pointer, i) => {
        const { size, typeId } = ctx.headerOf(pointer);
        if (size !== sizes[i] || typeId !== (size & 127)) throw new Error(`the header at ${pointer} changed`);
      });
      expect(ctx.stats()).toMatchObject({ currentLive: bytes, liveObjects: pointers.length, objectCount: ever });
    };
    for (let i = 0; i < OPERATIONS; i++) {
      if (pointers.length < 50_000 && (next(100) < 52 || pointers.length === 0)) {
        // One in 500 goes to the arena, which gives nothing back before a reset; more to a heap, whose pages go to the pool and back.
        const large = config.mode === "COMPILER" ? next(500) === 0 : next(50) === 0;
        const size = large ? 241 + next(next(8) === 0 ? 70_000 : 5000) : next(241);
        const pointer = ctx.alloc(size, size & 127);
        memory.u8.fill(pointer >>> 3, pointer, pointer + size);
        pointers.push(pointer);
        sizes.push(size);
        bytes += size;
        ever++;
      } else {
        const index = next(pointers.length);
        const pointer = pointers[index]!;
        const size = sizes[index]!;
        if (
          size > 0 &&
          (memory.u8[pointer] !== ((pointer >>> 3) & 255) || memory.u8[pointer + size - 1] !== ((pointer >>> 3) & 255))
        ) {
          throw new Error(`the bytes at ${pointer} changed`);
        }
        ctx.free(pointer);
        if (i % 1000 === 0) expect(codeOf(() => ctx.free(pointer))).toBe("ERR_MORPH_DOUBLE_FREE");
        pointers[index] = pointers.at(-1)!;
        sizes[index] = sizes.at(-1)!;
        pointers.pop();
        sizes.pop();
        bytes -= size;
      }
      if (i % 500_000 === 0) check();
      if (i % 2_500_000 === 2_499_999) {
        ctx.reset();
        pointers.length = sizes.length = bytes = 0;
      }
    }
    check();
  });
});
