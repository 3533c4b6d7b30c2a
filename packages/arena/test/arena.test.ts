import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Arena, type ArenaMark } from "../src/index.ts";

const MIB = 2 ** 20;

describe("a cleared allocation", () => {
  it("is all zeros whatever was there before, also where it is not cleared again", () => {
    const step = fc.record({
      kind: fc.constantFrom("zeroed", "zeroed", "alloc", "alloc", "mark", "rewind", "reset", "trim", "dirty"),
      size: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 200_000 })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, adopted) => {
        const wasm = new WebAssembly.Memory({ initial: 40 });
        // Pages that a module has written to.
        if (adopted) new Uint8Array(wasm.buffer).fill(0xaa);
        const memory = adopted ? new LinearMemory({ wasm, firstPage: 2 }) : new LinearMemory({ initialPages: 1 });
        const other = memory.register({ name: "other", contractVersion: 1, viewsChanged() {} });
        const arena = new Arena({ memory });
        const marks: ArenaMark[] = [];
        for (const { kind, size } of steps) {
          if (kind === "zeroed" || kind === "alloc") {
            const pointer = kind === "zeroed" ? arena.allocZeroed(size) : arena.alloc(size);
            const bytes = memory.u8.subarray(pointer, pointer + size);
            if (kind === "zeroed") expect(bytes.every((byte) => byte === 0)).toBe(true);
            bytes.fill(0xee);
            continue;
          }
          if (kind === "mark") marks.push(arena.mark());
          else if (kind === "rewind" && marks.length > 0) arena.rewind(marks.pop()!);
          else if (kind === "reset") {
            arena.reset();
            marks.length = 0;
          } else if (kind === "dirty") {
            // Somebody else's pages come back with their bytes.
            const pages = 1 + (size % 4);
            const pointer = memory.acquire(pages, other);
            memory.u8.fill(0xdd, pointer, pointer + pages * PAGE_BYTES);
            memory.release(pointer, pages);
          }
          arena.verify();
        }
      }),
      { numRuns: 300 },
    );
  });

  it("touches no page that nobody had before", () => {
    const memory = new LinearMemory({ initialPages: 8 });
    const arena = new Arena({ memory });
    const pointer = arena.allocZeroed(PAGE_BYTES);
    // Written to behind the arena's back, so that one sees whether it clears it.
    memory.u8[pointer + 2 * PAGE_BYTES] = 1;
    const next = arena.allocZeroed(2 * PAGE_BYTES);
    expect(next).toBe(pointer + PAGE_BYTES);
    expect(memory.u8[next + PAGE_BYTES]).toBe(1);
  });
});

describe("an arena that grows the memory", () => {
  it("and is refused is as it was, and goes on when it may grow again", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    const arena = new Arena({ memory });
    const grow = memory.wasm.grow.bind(memory.wasm);
    let fails = false;
    memory.wasm.grow = (pages: number) => {
      if (fails) throw new RangeError("refused");
      return grow(pages);
    };
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      fails = i % 3 !== 0;
      const before = arena.stats();
      try {
        arena.alloc(1 + ((i * 997) % 20_000));
      } catch (error) {
        expect((error as { code: string }).code).toBe("ERR_MORPH_OUT_OF_MEMORY");
        expect(arena.stats()).toEqual(before);
        refused++;
      }
      arena.verify();
    }
    expect(refused).toBeGreaterThan(0);
  });
});

describe("an arena", () => {
  it("bumps: pointers ascend, aligned to 8 unless asked otherwise", () => {
    const arena = new Arena();
    const pointers = [1, 2, 8, 9, 16].map((size) => arena.alloc(size));
    pointers.forEach((pointer, i) => {
      expect(pointer % 8).toBe(0);
      if (i > 0) expect(pointer).toBeGreaterThan(pointers[i - 1]!);
    });
    for (let align = 1; align <= 65_536; align *= 2) {
      expect(arena.alloc(3, align) % align).toBe(0);
      arena.verify();
    }
    const dense = arena.alloc(3, 1);
    expect([arena.alloc(3, 1), arena.alloc(2, 2)]).toEqual([dense + 3, dense + 6]);
    expect(arena.alloc(1) % 8).toBe(0);
  });

  it("starts with a block of one page and doubles up to blockBytes", () => {
    const arena = new Arena({ blockBytes: 256 * 1024 });
    const sizes: number[] = [];
    for (let bytes = 0; bytes < 2 * MIB; bytes += 1024) {
      const before = arena.stats();
      arena.alloc(1024);
      const after = arena.stats();
      if (after.blocks > before.blocks) sizes.push((after.footprint - before.footprint) / PAGE_BYTES);
    }
    expect(sizes).toEqual([1, 2, 4, 4, 4, 4, 4, 4, 4, 4]);
    const plain = new Arena();
    for (let i = 0; i < 12 * 1024; i++) plain.alloc(1024);
    expect(plain.stats().footprint).toBe((1 + 2 + 4 + 8 + 16 + 32 * 6) * PAGE_BYTES);
  });

  it("gives an oversize request a block rounded up to a page, and fills the current one on", () => {
    const arena = new Arena();
    const small = arena.alloc(16);
    const { footprint: bytes } = arena.stats();
    const large = arena.alloc(5 * MIB + 1);
    expect(arena.stats().footprint).toBe(bytes + 5 * MIB + PAGE_BYTES);
    expect(large % PAGE_BYTES).toBe(0);
    arena.alloc(65_536 - 200);
    arena.verify();
    expect(arena.alloc(16)).not.toBe(small + 16);
    const other = new Arena();
    const first = other.alloc(16);
    other.alloc(3 * MIB);
    expect(other.alloc(16)).toBe(first + 16);
  });

  it("keeps every block over reset and uses every one again", () => {
    const arena = new Arena();
    const round = () => Array.from({ length: 6000 }, (_, i) => arena.alloc(1 + ((i * 37) % 3000)));
    const first = round();
    arena.alloc(3 * MIB);
    const { blocks, footprint } = arena.stats();
    for (let i = 0; i < 5; i++) {
      arena.reset();
      expect(arena.stats()).toEqual({ blocks, footprint, used: 0, free: footprint });
      expect(round()).toEqual(first);
      arena.alloc(3 * MIB);
      expect(arena.stats()).toMatchObject({ blocks, footprint });
      arena.verify();
    }
  });

  it("rewinds to a mark, again and again, and keeps what was there before", () => {
    const arena = new Arena();
    const kept = arena.alloc(100);
    arena.memory.u8.fill(7, kept, kept + 100);
    const mark = arena.mark();
    const { used } = arena.stats();
    const next = arena.alloc(24);
    for (let i = 0; i < 4; i++) {
      arena.alloc(2 * MIB);
      for (let j = 0; j < 3000; j++) {
        const pointer = arena.alloc(1000);
        arena.memory.u8.fill(9, pointer, pointer + 1000);
      }
      const { footprint: bytes } = arena.stats();
      arena.rewind(mark);
      expect(arena.stats()).toMatchObject({ used, footprint: bytes });
      expect(arena.alloc(24)).toBe(next);
      arena.verify();
    }
    expect(arena.memory.u8.subarray(kept, kept + 100).every((byte) => byte === 7)).toBe(true);
  });

  it("refuses a mark that is stale, foreign or none, and changes nothing", () => {
    const arena = new Arena();
    arena.alloc(8);
    const outer = arena.mark();
    arena.alloc(8);
    const inner = arena.mark();
    arena.alloc(8);
    arena.rewind(outer);
    const stats = arena.stats();
    const other = new Arena();
    other.alloc(8);
    const forged = { ...outer };
    for (const mark of [inner, other.mark(), forged, undefined, null, 8, {}]) {
      expect(codeOf(() => arena.rewind(mark as ArenaMark))).toBe("ERR_MORPH_INVALID_MARK");
    }
    arena.alloc(8);
    expect(codeOf(() => arena.rewind(inner))).toBe("ERR_MORPH_INVALID_MARK");
    arena.rewind(outer);
    expect(arena.stats()).toEqual(stats);
    arena.reset();
    expect(codeOf(() => arena.rewind(outer))).toBe("ERR_MORPH_INVALID_MARK");
    const empty = arena.mark();
    arena.alloc(8);
    arena.rewind(empty);
    expect(arena.stats().used).toBe(0);
  });

  it("refuses sizes and alignments that make no sense", () => {
    const arena = new Arena();
    arena.alloc(8);
    const stats = arena.stats();
    for (const size of [
      0,
      -1,
      -2,
      -8,
      -9,
      1.5,
      Number.NaN,
      2 ** 32 + 1,
      2 ** 53,
      Number.POSITIVE_INFINITY,
      "8",
      null,
      8n,
    ]) {
      expect([size, codeOf(() => arena.alloc(size as number))]).toEqual([size, "ERR_MORPH_INVALID_SIZE"]);
    }
    for (const align of [0, -8, 3, 12, 1.5, 131_072, 2 ** 32, Number.NaN, "8", null]) {
      expect([align, codeOf(() => arena.alloc(8, align as number))]).toEqual([align, "ERR_MORPH_INVALID_ALIGNMENT"]);
    }
    for (const blockBytes of [0, 1000, 65_537, -65_536, 2 ** 31, Number.NaN, "65536"]) {
      expect(codeOf(() => new Arena({ blockBytes: blockBytes as number }))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    expect(arena.stats()).toEqual(stats);
  });

  it("goes on after the memory is full", () => {
    const arena = new Arena({ memory: new LinearMemory({ maxPages: 10 }) });
    for (const size of [2 ** 31 - 8, 2 ** 31 - 1, 2 ** 31, 2 ** 32]) {
      expect(codeOf(() => arena.alloc(size))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    }
    let bytes = 0;
    const fill = () => {
      for (;;) {
        arena.alloc(1024);
        bytes += 1024;
      }
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    // Near the end blocks no longer double: every page is used.
    expect(bytes).toBe(9 * PAGE_BYTES);
    arena.verify();
    arena.reset();
    // Blocks that are too small make room for a larger one.
    arena.alloc(9 * PAGE_BYTES);
    arena.verify();
  });

  it("returns its blocks when destroyed, and refuses every use after that", () => {
    const memory = new LinearMemory();
    const { footprint } = memory;
    const arena = new Arena({ memory });
    arena.alloc(MIB);
    const mark = arena.mark();
    arena.destroy();
    arena.destroy();
    expect(memory.footprint).toBe(footprint);
    const uses = [
      () => arena.alloc(8),
      () => arena.reset(),
      () => arena.mark(),
      () => arena.rewind(mark),
      () => arena.verify(),
    ];
    for (const use of uses) expect(codeOf(use)).toBe("ERR_MORPH_DESTROYED");
    const next = new Arena({ memory });
    next.alloc(8);
    next[Symbol.dispose]();
    expect(memory.footprint).toBe(footprint);
  });

  it("works on after someone else grew the memory, and above 2 GiB to the end of 4 GiB", () => {
    const memory = new LinearMemory();
    const arena = new Arena({ memory });
    const first = arena.alloc(8);
    memory.wasm.grow(1);
    expect(arena.alloc(8)).toBe(first + 8);
    memory.acquire(
      65_000 - memory.footprint / PAGE_BYTES,
      memory.register({ name: "test", contractVersion: 1, viewsChanged() {} }),
    );
    const pointers: number[] = [];
    const fill = () => {
      for (;;) pointers.push(arena.alloc(4096));
    };
    expect(codeOf(fill)).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(Math.max(...pointers)).toBe(2 ** 32 - 4096);
    expect(new Set(pointers).size).toBe(pointers.length);
    arena.verify();
    arena.reset();
    expect(arena.stats().used).toBe(0);
  });

  it("follows a plain model through random programs", () => {
    const step = fc.record({
      kind: fc.constantFrom("alloc", "alloc", "alloc", "large", "mark", "rewind", "reset", "grow"),
      size: fc.integer({ min: 1, max: 5000 }),
      align: fc.constantFrom(1, 2, 4, 8, 8, 8, 16, 256, 4096, 65_536),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
        const memory = new LinearMemory({ initialPages: 1 });
        const arena = new Arena({ memory, blockBytes: 4 * PAGE_BYTES });
        const neighbour = new Arena({ memory });
        let objects: { pointer: number; size: number; fill: number }[] = [];
        const marks: { mark: ArenaMark; count: number }[] = [];
        steps.forEach(({ kind, size, align }, i) => {
          if (kind === "alloc" || kind === "large") {
            const bytes = kind === "large" ? size * 100 : size;
            const pointer = arena.alloc(bytes, align);
            expect(pointer % align).toBe(0);
            memory.u8.fill(i, pointer, pointer + bytes);
            objects.push({ pointer, size: bytes, fill: i & 255 });
          } else if (kind === "mark") marks.push({ mark: arena.mark(), count: objects.length });
          else if (kind === "rewind" && marks.length > 0) {
            const at = size % marks.length;
            arena.rewind(marks[at]!.mark);
            objects = objects.slice(0, marks[at]!.count);
            marks.length = at + 1;
          } else if (kind === "reset") {
            arena.reset();
            objects = [];
            marks.length = 0;
          } else if (kind === "grow") {
            memory.wasm.grow(1);
            neighbour.alloc(70_000);
          }
        });
        for (const { pointer, size, fill } of objects) {
          expect(memory.u8.subarray(pointer, pointer + size).every((byte) => byte === fill)).toBe(true);
        }
        const { used, free, footprint: bytes } = arena.stats();
        expect(used).toBeGreaterThanOrEqual(objects.reduce((sum, { size }) => sum + size, 0));
        expect(used + free).toBe(bytes);
        arena.verify();
      }),
      { numRuns: 60 },
    );
  });
});
