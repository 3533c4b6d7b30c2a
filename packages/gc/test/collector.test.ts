import { LinearMemory } from "@morph/memory";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Collector, LAYOUT } from "../src/index.ts";

const make = (options: ConstructorParameters<typeof Collector>[0] = {}) => {
  const gc = new Collector({ memory: new LinearMemory({ initialPages: 1 }), nurseryBytes: 262_144, ...options });
  const pair = gc.type({ name: "pair", size: 16, pointers: [0, 4] });
  const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
  const bytes = gc.arrayType({ name: "bytes", size: 1 });
  return { gc, pair, list, bytes };
};

/** Where a field's word is. */
const at = (pointer: number, offset: number): number => (pointer + offset) / 4;

describe("objects", () => {
  it("need not be cleared where all is overwritten: arrays without pointers beyond 2 KiB", () => {
    const { gc, pair, list, bytes } = make();
    const numbers = gc.arrayType({ name: "numbers", size: 8 });
    for (let round = 0; round < 40; round++) {
      for (const length of [0, 1, 254, 255, 256, 5000]) {
        const array = gc.allocUncleared(numbers, length);
        expect([gc.typeOf(array), gc.lengthOf(array)]).toEqual([numbers, length]);
        gc.memory.u8.fill(255, array + 8, array + 8 + 8 * length);
      }
      const pointers = gc.allocArray(list, 5000);
      if (gc.memory.u32.subarray(at(pointers, 8), at(pointers, 20_008)).some((word) => word !== 0)) {
        throw new Error("a pointer of a new array is not 0");
      }
    }
    gc.collect();
    gc.verify();
    for (const type of [list, pair, 99])
      expect(codeOf(() => gc.allocUncleared(type, 1000))).toBe("ERR_MORPH_INVALID_TYPE");
    for (const length of [-1, 1.5, 2 ** 31, Number.NaN]) {
      expect(codeOf(() => gc.allocUncleared(bytes, length))).toBe("ERR_MORPH_INVALID_SIZE");
    }
  });

  it("are born zeroed, aligned to 8, with their type and size", () => {
    const { gc, pair, bytes } = make();
    const odd = gc.type({ name: "odd", size: 17 });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 5000; i++) {
        const pointer = gc.alloc(odd);
        expect(pointer % 8).toBe(0);
        const all = gc.memory.u8.subarray(pointer, pointer + 17);
        if (all.some((byte) => byte !== 0)) throw new Error("a byte of a new object is not 0");
        all.fill(255);
      }
    }
    const pointer = gc.alloc(odd);
    expect([gc.typeOf(pointer), gc.sizeOf(pointer)]).toEqual([odd, 17]);
    expect(gc.sizeOf(gc.alloc(pair))).toBe(16);
    const array = gc.allocArray(bytes, 100);
    expect([gc.typeOf(array), gc.sizeOf(array), gc.lengthOf(array)]).toEqual([bytes, 108, 100]);
    expect(gc.memory.u32[array / 4]).toBe(100);
  });

  it.each([0, 1, 8, 9, 248, 249, 2039, 2040, 2041, 4088, 4089, 65_528, 65_529, 300_000])(
    "arrays of %i bytes keep them",
    (length) => {
      const { gc, bytes } = make();
      const handles = [1, 2, 3].map((fill) => {
        const handle = gc.handle(gc.allocArray(bytes, length));
        gc.memory.u8.fill(fill, handle.pointer + 8, handle.pointer + 8 + length);
        return handle;
      });
      for (const kind of ["minor", "minor", "major", "compact"] as const) {
        gc.collect(kind);
        gc.verify();
        handles.forEach((handle, i) => {
          expect(gc.lengthOf(handle.pointer)).toBe(length);
          const kept = gc.memory.u8.subarray(handle.pointer + 8, handle.pointer + 8 + length);
          expect(kept.every((byte) => byte === i + 1)).toBe(true);
        });
      }
      handles[1]!.release();
      gc.collect();
      expect(gc.liveObjects(bytes)).toEqual([handles[0]!.pointer, handles[2]!.pointer].sort((a, b) => a - b));
    },
  );

  it("cost no header: 16 bytes cost at most 17, tables included", () => {
    const { gc, pair } = make({ nurseryBytes: 262_144 });
    const empty = gc.stats().footprint;
    const count = 400_000;
    const head = gc.pushFrame(1);
    for (let i = 0; i < count; i++) {
      const next = gc.alloc(pair);
      gc.write(next, 0, gc.memory.u32[head / 4]!);
      gc.memory.u32[at(next, 8)] = i;
      gc.memory.u32[head / 4] = next;
    }
    gc.collect("compact");
    const { footprint, oldBytes } = gc.stats();
    expect(oldBytes).toBeGreaterThanOrEqual(count * 16);
    // A page more for what is not full.
    expect(footprint - empty).toBeLessThan(count * 17 + 65_536);
  });

  it("survive two minor collections in the nursery, then they are old and stay where they are", () => {
    const { gc, pair } = make();
    const handle = gc.handle(gc.alloc(pair));
    const base = gc.memory.u32[gc.control / 4 + LAYOUT.NURSERY_BASE]!;
    const young = () => handle.pointer - base >= 0 && handle.pointer - base < 262_144;
    const born = handle.pointer;
    gc.collect("minor");
    expect(handle.pointer).not.toBe(born);
    expect(young()).toBe(true);
    gc.collect("minor");
    expect(young()).toBe(false);
    const old = handle.pointer;
    gc.collect("minor");
    gc.collect("major");
    expect(handle.pointer).toBe(old);
  });

  it("are first collected when the nursery is full where pauses may be of any length, else after 1 MiB", () => {
    for (const [pauseTargetMs, count] of [
      [Number.POSITIVE_INFINITY, 0],
      [1, 1],
    ] as const) {
      const { gc, pair } = make({ nurseryBytes: 4_194_304, pauseTargetMs });
      const objects = 1_500_000 / gc.sizeOf(gc.alloc(pair));
      for (let i = 0; i < objects; i++) gc.alloc(pair);
      expect(gc.stats().minorCollections).toBe(count);
    }
  });
});

describe("moveAlways", () => {
  it("every object moves at each collection, never to where it was just before", () => {
    const { gc, pair } = make({ collectEvery: 1, verifyAlways: true, moveAlways: true });
    const handle = gc.handle(gc.alloc(pair));
    const seen: number[] = [];
    for (let i = 0; i < 40; i++) {
      gc.alloc(pair);
      expect(seen.slice(-5)).not.toContain(handle.pointer);
      expect(isYoung(gc, handle.pointer)).toBe(true);
      seen.push(handle.pointer);
    }
    expect(gc.stats()).toMatchObject({ majorCollections: 0, promotedBytes: 0 });
  });

  it("objects become old when they fill half of the nursery", () => {
    const { gc, pair, list } = make({ collectEvery: 400, moveAlways: true, nurseryBytes: 262_144 });
    const array = gc.handle(gc.allocArray(list, 12_000));
    for (let i = 0; i < 12_000; i++) {
      const child = gc.alloc(pair);
      gc.memory.u32[at(child, 8)] = i;
      gc.write(array.pointer, 8 + 4 * i, child);
    }
    for (let i = 0; i < 12_000; i += 97) {
      expect(gc.memory.u32[at(gc.memory.u32[at(array.pointer, 8 + 4 * i)]!, 8)]).toBe(i);
    }
    expect(gc.stats().promotedBytes).toBeGreaterThan(0);
  });
});

describe("the barrier", () => {
  it("lets an old object keep a young one alive, also in every part of a large array", () => {
    const { gc, pair, list } = make({ verifyAlways: true });
    const array = gc.handle(gc.allocArray(list, 5000));
    for (const index of [0, 1, 5, 1021, 1022, 1023, 2046, 4999]) {
      const child = gc.alloc(pair);
      gc.memory.u32[at(child, 8)] = index;
      gc.write(array.pointer, 8 + 4 * index, child);
    }
    for (let i = 0; i < 3; i++) gc.collect("minor");
    for (const index of [0, 1, 5, 1021, 1022, 1023, 2046, 4999]) {
      const child = gc.memory.u32[at(array.pointer, 8 + 4 * index)]!;
      expect(gc.memory.u32[at(child, 8)]).toBe(index);
    }
  });

  it("is missed when it is left out: verifyAlways says where", () => {
    const { gc, pair } = make({ verifyAlways: true });
    const parent = gc.handle(gc.alloc(pair));
    for (let i = 0; i < 2; i++) gc.collect("minor");
    gc.memory.u32[at(parent.pointer, 4)] = gc.alloc(pair);
    expect(() => gc.collect("minor")).toThrow(
      /the pair at \d+, offset 4, points to the young object \d+, and no barrier/,
    );
  });

  it("is missed when it is left out while marking: verifyAlways says where", () => {
    const { gc, pair, list } = make({ verifyAlways: true, nurseryBytes: 1_048_576 });
    // Enough for a major collection that takes several slices; the last element is reached last.
    const array = gc.handle(gc.allocArray(list, 400_000));
    const spare = gc.pushFrame(2);
    for (let i = 0; i < 400_000; i++) {
      if (i % 500 === 0 && gc.stats().phase === "marking") break;
      gc.write(array.pointer, 8 + 4 * i, gc.alloc(pair));
    }
    expect(gc.stats().phase).toBe("marking");
    // Moves a pointer from a field that was not looked at to a root that was: without the barrier nobody sees it.
    const u32 = gc.memory.u32;
    let hidden = 0;
    for (let i = 399_999; i >= 0 && hidden === 0; i--) {
      const value = u32[at(array.pointer, 8 + 4 * i)]!;
      if (value === 0 || isMarked(gc, value) || isYoung(gc, value)) continue;
      u32[spare / 4] = value;
      u32[at(array.pointer, 8 + 4 * i)] = 0;
      hidden = value;
    }
    expect(hidden).not.toBe(0);
    expect(() => {
      while (gc.step(10)) {}
    }).toThrow(/a root leads to \d+, which is not marked: a barrier is missing/);
  });

  it("holds when its list overflows, which is longer then", () => {
    const { gc, pair } = make({ nurseryBytes: 4_194_304 });
    const count = 6000;
    const list = gc.arrayType({ name: "refs", size: 4, pointers: [0] });
    const parents = gc.handle(gc.allocArray(list, count));
    for (let i = 0; i < count; i++) gc.write(parents.pointer, 8 + 4 * i, gc.alloc(pair));
    gc.collect();
    const u32 = () => gc.memory.u32;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < count; i++) {
        const child = gc.alloc(pair);
        u32()[at(child, 8)] = i + round;
        gc.write(u32()[at(parents.pointer, 8 + 4 * i)]!, 4, child);
      }
      expect(u32()[gc.control / 4 + LAYOUT.REMEMBERED_OVERFLOW]).toBe(round === 0 ? 1 : 0);
      gc.verify();
      gc.collect(round === 1 ? "major" : "minor");
      gc.verify();
      for (let i = 0; i < count; i++) {
        const child = u32()[at(u32()[at(parents.pointer, 8 + 4 * i)]!, 4)]!;
        if (u32()[at(child, 8)] !== i + round) throw new Error(`child ${i} has other bytes`);
      }
    }
  });
});

function recordOf(gc: Collector, pointer: number): number {
  const { i32 } = gc.memory;
  const directory = i32[gc.control / 4 + LAYOUT.DIRECTORY]! >>> 2;
  const first = i32[directory + (pointer >>> LAYOUT.SEGMENT_SHIFT)]!;
  return first + ((pointer >>> LAYOUT.RECORD_SHIFT) & LAYOUT.RECORD_MASK);
}

/** As generated code would look at it. */
function isMarked(gc: Collector, pointer: number): boolean {
  const word = recordOf(gc, pointer) + LAYOUT.MARKS + ((pointer >>> LAYOUT.BIT_WORD_SHIFT) & LAYOUT.BIT_WORD_MASK);
  return (gc.memory.i32[word]! & (1 << (pointer >>> LAYOUT.BIT_SHIFT))) !== 0;
}

function isYoung(gc: Collector, pointer: number): boolean {
  const { u32 } = gc.memory;
  const word = gc.control / 4;
  return (pointer - u32[word + LAYOUT.NURSERY_BASE]!) >>> 0 < u32[word + LAYOUT.NURSERY_BYTES]!;
}

describe("the stack of what is to be looked at", () => {
  it("may overflow, in minor and in major collections", () => {
    const { gc, pair, list } = make({ nurseryBytes: 8_388_608 });
    // 100,000 pairs from one array: more than the stack has room for, when the array is looked at once.
    const count = 100_000;
    const outer = gc.handle(gc.allocArray(list, 100));
    for (let i = 0; i < 100; i++) {
      const inner = gc.handle(gc.allocArray(list, count / 100));
      gc.write(outer.pointer, 8 + 4 * i, inner.pointer);
      for (let j = 0; j < count / 100; j++) {
        const child = gc.alloc(pair);
        gc.memory.u32[at(child, 8)] = i * 1000 + j;
        gc.write(inner.pointer, 8 + 4 * j, child);
      }
      inner.release();
    }
    for (const kind of ["minor", "major", "compact", "major"] as const) {
      gc.collect(kind);
      gc.verify();
      const { u32 } = gc.memory;
      for (let i = 0; i < count; i++) {
        const inner = u32[at(outer.pointer, 8 + 4 * Math.floor(i / 1000))]!;
        if (u32[at(u32[at(inner, 8 + 4 * (i % 1000))]!, 8)] !== i) throw new Error(`pair ${i} has other bytes`);
      }
    }
  });
});

describe("a census", () => {
  it("counts what was allocated and what is there by type, whichever way it was allocated", () => {
    const { gc, pair } = make();
    const bytes = gc.arrayType({ name: "bytes", size: 1 });
    const large = gc.type({ name: "large", size: 5000 });
    const of = (type: number) => gc.census().find((entry) => entry.type === type)!;
    const kept = gc.handle(gc.alloc(pair));
    const allocated = { [pair]: 1, [bytes]: 0, [large]: 0 };
    let allocatedArrayBytes = 0;
    for (let i = 0; i < 3000; i++) {
      const type = [pair, bytes, pair, large][i % 4]!;
      if (type === bytes) allocatedArrayBytes += gc.sizeOf(gc.allocArray(bytes, (i * 7) % 3000));
      else gc.alloc(type);
      allocated[type]!++;
      if (i % 500 === 250) gc.collect((["minor", "major", "compact"] as const)[(i / 250) % 3]);
      if (i % 100 !== 0) continue;
      for (const each of [pair, bytes, large]) {
        expect(of(each).allocated).toBe(allocated[each]);
        expect(of(each).objects).toBe(gc.liveObjects(each).length);
        expect(of(each).bytes).toBe(gc.liveObjects(each).reduce((sum, pointer) => sum + gc.sizeOf(pointer), 0));
      }
    }
    gc.collect();
    const bytesOf = (slots: number): number => slots * gc.sizeOf(kept.pointer);
    expect(gc.census().filter(({ objects }) => objects > 0)).toEqual([
      {
        type: pair,
        name: "pair",
        allocated: allocated[pair],
        allocatedBytes: bytesOf(allocated[pair]!),
        objects: 1,
        bytes: bytesOf(1),
      },
    ]);
    expect(of(large).allocatedBytes).toBe(allocated[large]! * 5000);
    // Arrays fill size classes.
    expect(of(bytes).allocatedBytes).toBeGreaterThanOrEqual(allocatedArrayBytes);
    expect(of(bytes).allocatedBytes).toBeLessThan(allocatedArrayBytes * 1.25);
  });
});

describe("roots", () => {
  it("each thread may have a stack of its own; the others are cells, and MOVES tells when addresses changed", () => {
    const { gc, pair } = make();
    const owner = gc.memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    const other = gc.memory.acquire(1, owner);
    gc.memory.u32.fill(0, other / 4, other / 4 + 64);
    const control = gc.control / 4;
    const words = [LAYOUT.STACK_BASE, LAYOUT.STACK_TOP, LAYOUT.STACK_LIMIT];
    const first = words.map((word) => gc.memory.u32[control + word]!);
    const switchTo = (stack: number[]): void => {
      words.forEach((word, i) => {
        gc.memory.u32[control + word] = stack[i]!;
      });
    };
    const push = (id: number): number => {
      const pointer = gc.alloc(pair);
      gc.memory.u32[at(pointer, 8)] = id;
      const top = gc.memory.u32[control + LAYOUT.STACK_TOP]!;
      gc.memory.u32[top / 4] = pointer;
      gc.memory.u32[control + LAYOUT.STACK_TOP] = top + 4;
      return top;
    };
    const mine = push(1);
    const moves = gc.memory.u32[control + LAYOUT.MOVES]!;
    first[1] = mine + 4;
    gc.addRoot(first[0]!, (first[1] - first[0]!) / 4);
    switchTo([other, other, other + 256]);
    const theirs = push(2);
    gc.memory.u32[theirs / 4 + 5] = gc.memory.u32[theirs / 4]!;
    for (const kind of ["minor", "minor", "compact"] as const) {
      gc.collect(kind);
      gc.verify();
      expect(gc.memory.u32[at(gc.memory.u32[mine / 4]!, 8)]).toBe(1);
      expect(gc.memory.u32[at(gc.memory.u32[theirs / 4]!, 8)]).toBe(2);
      expect(gc.memory.u32[theirs / 4 + 5]).toBe(0);
    }
    // "compact" begins with a full collection, which copies too.
    expect(gc.memory.u32[control + LAYOUT.MOVES]).toBe(moves + 4);
    expect(gc.memory.u32[control + LAYOUT.OLD_MOVES]).toBe(1);
    gc.removeRoot(first[0]!);
    switchTo(first);
    gc.collect();
    expect(gc.liveObjects().length).toBe(1);
    gc.verify();
  });

  it("in cells and frames are updated; a frame that generated code takes needs one store", () => {
    const { gc, pair } = make();
    const cellOwner = gc.memory.register({ name: "test", contractVersion: 1, viewsChanged() {} });
    const cells = gc.memory.acquire(1, cellOwner);
    gc.memory.u32.fill(0, cells / 4, cells / 4 + 4);
    gc.addRoot(cells, 2);
    const word = gc.control / 4;
    const make1 = (id: number): number => {
      const pointer = gc.alloc(pair);
      gc.memory.u32[at(pointer, 8)] = id;
      return pointer;
    };
    gc.memory.u32[cells / 4 + 1] = make1(1);
    const top = gc.memory.u32[word + LAYOUT.STACK_TOP]!;
    for (let round = 0; round < 4; round++) {
      // The frame: words first, then the one store. The second word is whatever was there.
      gc.memory.u32[top / 4] = make1(2);
      gc.memory.u32[word + LAYOUT.STACK_TOP] = top + 8;
      gc.collect("minor");
      gc.verify();
      expect(gc.memory.u32[at(gc.memory.u32[cells / 4 + 1]!, 8)]).toBe(1);
      expect(gc.memory.u32[at(gc.memory.u32[top / 4]!, 8)]).toBe(2);
      gc.memory.u32[top / 4 + 1] = gc.memory.u32[top / 4]!;
      gc.memory.u32[word + LAYOUT.STACK_TOP] = top;
      // Above the top nothing keeps an object alive, and a collection clears it.
      gc.collect("major");
      expect([gc.memory.u32[top / 4], gc.memory.u32[top / 4 + 1]]).toEqual([0, 0]);
      expect(gc.liveObjects().length).toBe(1);
    }
    gc.removeRoot(cells);
    gc.collect();
    expect(gc.liveObjects()).toEqual([]);
  });

  it("may not lie in the collector's own objects and tables", () => {
    const { gc, pair } = make();
    for (const own of [gc.alloc(pair), gc.control, gc.memory.u32[gc.control / 4 + LAYOUT.MARK_BASE]!]) {
      expect(codeOf(() => gc.addRoot(own))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    gc.verify();
  });

  it("in frames that generated code leaves by storing an older top are gone, and their room comes back", () => {
    const { gc } = make({ stackBytes: 64 });
    const word = gc.control / 4 + LAYOUT.STACK_TOP;
    const top = gc.memory.u32[word]!;
    for (let i = 0; i < 100; i++) {
      const frame = gc.pushFrame(16);
      gc.memory.u32[word] = top;
      expect(codeOf(() => gc.popFrame(gc.pushFrame(16)))).toBe("did not throw");
      expect(codeOf(() => gc.popFrame(frame))).toBe("ERR_MORPH_DOUBLE_FREE");
    }
  });

  it("popped or removed twice are refused, and nothing is lost", () => {
    const { gc, pair } = make();
    const outer = gc.pushFrame(1);
    const inner = gc.pushFrame(3);
    gc.memory.u32[outer / 4] = gc.alloc(pair);
    gc.popFrame(inner);
    expect(codeOf(() => gc.popFrame(inner))).toBe("ERR_MORPH_DOUBLE_FREE");
    expect(codeOf(() => gc.popFrame(8))).toBe("ERR_MORPH_INVALID_POINTER");
    for (const words of [0, -1, 1.5, Number.NaN]) {
      expect(codeOf(() => gc.pushFrame(words))).toBe("ERR_MORPH_INVALID_SIZE");
    }
    expect(codeOf(() => gc.pushFrame(1e6))).toBe("ERR_MORPH_OUT_OF_MEMORY");
    expect(codeOf(() => gc.removeRoot(outer))).toBe("ERR_MORPH_INVALID_POINTER");
    for (const pointer of [0, 3, -4, 2 ** 33, Number.NaN]) {
      expect(codeOf(() => gc.addRoot(pointer))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    gc.collect();
    expect(gc.liveObjects()).toEqual([gc.memory.u32[outer / 4]]);
    gc.popFrame(outer);
    gc.collect();
    expect(gc.liveObjects()).toEqual([]);
  });

  it("handles follow their objects; scopes end them; a forgotten one is found with where it was made", () => {
    const { gc, pair } = make({ traceHandles: true });
    {
      using scope = gc.scope();
      const handles = Array.from({ length: 200 }, (_, i) => {
        const handle = scope.handle(gc.alloc(pair));
        gc.memory.u32[at(handle.pointer, 8)] = i;
        return handle;
      });
      for (const kind of ["minor", "minor", "major", "compact"] as const) {
        gc.collect(kind);
        handles.forEach((handle, i) => {
          expect(gc.memory.u32[at(handle.pointer, 8)]).toBe(i);
        });
      }
      handles[3]!.release();
      expect(codeOf(() => handles[3]!.release())).toBe("ERR_MORPH_DOUBLE_FREE");
      expect(codeOf(() => handles[3]!.pointer)).toBe("ERR_MORPH_DOUBLE_FREE");
    }
    function forgetful(): void {
      gc.handle(gc.alloc(pair));
    }
    forgetful();
    const open = gc.handles();
    expect(open.length).toBe(1);
    expect(open[0]).toMatchObject({ type: "pair" });
    expect(open[0]!.site).toMatch(/^\s+at forgetful .*collector\.test\.ts/);
    expect(gc.stats().handles).toBe(1);
  });

  it("weak handles give out objects whole when everything else is marked already", () => {
    const { gc, list } = make({ memory: new LinearMemory({ initialPages: 512 }) });
    const { u32 } = gc.memory;
    const node = gc.type({ name: "node", size: 64, pointers: [0] });
    const frame = gc.pushFrame(1) / 4;
    const length = 100;
    for (let i = 0; i < length; i++) {
      const object = gc.alloc(node);
      u32[at(object, 0)] = u32[frame]!;
      u32[frame] = object;
    }
    gc.collect();
    const weak = gc.weak(u32[frame]!);
    u32[frame] = 0;
    const { cycle } = gc as unknown as { cycle: { allMarked: boolean } };
    const count = 100_000;
    const array = gc.handle(gc.allocArray(list, count));
    for (let i = 0; i < count && !cycle.allMarked; i++) gc.write(array.pointer, 8 + 4 * i, gc.alloc(node));
    expect(cycle.allMarked).toBe(true);
    u32[frame] = weak.pointer;
    while (gc.step(1)) {}
    for (let i = 0; i < count; i++) gc.alloc(node);
    gc.verify();
    let found = 0;
    for (let object = u32[frame]!; object !== 0 && gc.owns(object); object = u32[at(object, 0)]!) found++;
    expect(found).toBe(length);
  });

  it("weak handles end with their objects, young, old and while marking", () => {
    const { gc, pair } = make();
    const kept = gc.handle(gc.alloc(pair));
    const weakKept = gc.weak(kept.pointer);
    const weakLost = gc.weak(gc.alloc(pair));
    gc.collect("minor");
    expect([weakKept.pointer, weakLost.pointer]).toEqual([kept.pointer, 0]);
    gc.collect("minor");
    gc.collect("compact");
    expect(weakKept.pointer).toBe(kept.pointer);
    kept.release();
    gc.collect("minor");
    expect(weakKept.pointer).not.toBe(0);
    gc.collect("major");
    expect(weakKept.pointer).toBe(0);
    weakKept.release();
    expect(codeOf(() => weakKept.release())).toBe("ERR_MORPH_DOUBLE_FREE");
  });
});

describe("finalizers", () => {
  it("run after the collection, together, once; those that were taken back do not", () => {
    const { gc, pair } = make();
    const ran: number[] = [];
    for (let i = 0; i < 10; i++) gc.finalizer(gc.alloc(pair), () => ran.push(i));
    const cancel = gc.finalizer(gc.alloc(pair), () => ran.push(-1));
    cancel();
    cancel();
    const handle = gc.handle(gc.alloc(pair));
    gc.finalizer(handle.pointer, () => ran.push(100));
    gc.collect("minor");
    expect(ran.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    gc.collect("compact");
    handle.release();
    gc.collect();
    expect(ran.length).toBe(11);
    gc.collect();
    expect(ran.length).toBe(11);
  });

  it("that another one takes back in the same batch does not run, and no other is lost with it", () => {
    const { gc, pair } = make();
    const kept = gc.handle(gc.alloc(pair));
    const ran: string[] = [];
    gc.finalizer(gc.alloc(pair), () => {
      ran.push("first");
      // These may get the places of those whose turn it is.
      gc.finalizer(kept.pointer, () => ran.push("third"));
      gc.finalizer(kept.pointer, () => ran.push("fourth"));
      takeBack();
    });
    const takeBack = gc.finalizer(gc.alloc(pair), () => ran.push("second"));
    gc.collect("minor");
    expect(ran).toEqual(["first"]);
    kept.release();
    gc.collect();
    expect(ran.slice(1).sort()).toEqual(["fourth", "third"]);
  });

  it("may grow the memory", () => {
    const { gc, pair } = make();
    const frame = gc.pushFrame(1);
    gc.finalizer(gc.alloc(pair), () => gc.memory.wasm.grow(1));
    for (let i = 0; i < 30_000; i++) {
      const object = gc.alloc(pair);
      gc.write(object, 0, gc.memory.u32[frame / 4]!);
      gc.memory.u32[frame / 4] = object;
    }
    gc.verify();
    expect(gc.liveObjects(pair).length).toBe(30_000);
  });

  it("may look and write, but not allocate or collect: ERR_MORPH_BUSY", () => {
    const { gc, pair, list } = make();
    const kept = gc.handle(gc.alloc(pair));
    const codes: string[] = [];
    gc.finalizer(gc.alloc(pair), () => {
      codes.push(codeOf(() => gc.alloc(pair)));
      codes.push(codeOf(() => gc.allocArray(list, 3)));
      codes.push(codeOf(() => gc.allocArray(list, 3000)));
      codes.push(codeOf(() => gc.collect("minor")));
      codes.push(codeOf(() => gc.step(1)));
      codes.push(codeOf(() => gc.destroy()));
      gc.write(kept.pointer, 0, kept.pointer);
      expect(gc.typeOf(kept.pointer)).toBe(pair);
    });
    gc.collect();
    expect(codes).toEqual(new Array(6).fill("ERR_MORPH_BUSY"));
    gc.verify();
    gc.alloc(pair);
  });
});

describe("bad input is refused with a code, and nothing changes", () => {
  it("pointers, offsets, types, lengths", () => {
    const { gc, pair, list, bytes } = make();
    const scope = gc.scope();
    const object = scope.handle(gc.alloc(pair));
    const array = scope.handle(gc.allocArray(list, 4));
    const text = scope.handle(gc.allocArray(bytes, 40));
    const bad = [
      0,
      1,
      object.pointer + 1,
      object.pointer + 8,
      object.pointer + 16,
      2 ** 32,
      -8,
      0.5,
      Number.NaN,
      "x",
      null,
      {},
    ];
    const check = (): void => {
      for (const value of bad as number[]) {
        expect(
          codeOf(() => gc.typeOf(value)),
          `typeOf ${value}`,
        ).toBe("ERR_MORPH_INVALID_POINTER");
        expect(codeOf(() => gc.sizeOf(value))).toBe("ERR_MORPH_INVALID_POINTER");
        expect(codeOf(() => gc.handle(value))).toBe("ERR_MORPH_INVALID_POINTER");
        expect(codeOf(() => scope.handle(value))).toBe("ERR_MORPH_INVALID_POINTER");
        expect(codeOf(() => gc.weak(value))).toBe("ERR_MORPH_INVALID_POINTER");
        expect(codeOf(() => gc.finalizer(value, () => {}))).toBe("ERR_MORPH_INVALID_POINTER");
        expect(codeOf(() => gc.write(value, 0, 0))).toBe("ERR_MORPH_INVALID_POINTER");
        if (value !== 0) expect(codeOf(() => gc.write(object.pointer, 0, value))).toBe("ERR_MORPH_INVALID_POINTER");
        expect(gc.owns(value)).toBe(false);
      }
      for (const offset of [-4, 1, 2, 8, 12, 16, 1e9, 0.5, Number.NaN]) {
        expect(
          codeOf(() => gc.write(object.pointer, offset, 0)),
          `offset ${offset}`,
        ).toBe("ERR_MORPH_INVALID_POINTER");
      }
      for (const offset of [0, 4, 24, 28, 9, 10, -4, 2 ** 32 + 8]) {
        expect(
          codeOf(() => gc.write(array.pointer, offset, 0)),
          `offset ${offset}`,
        ).toBe("ERR_MORPH_INVALID_POINTER");
      }
      expect(codeOf(() => gc.write(text.pointer, 8, 0))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => gc.lengthOf(object.pointer))).toBe("ERR_MORPH_INVALID_TYPE");
    };
    check();
    for (const type of [0, -1, 4, 1.5, Number.NaN, list, "x", undefined] as number[]) {
      expect(
        codeOf(() => gc.alloc(type)),
        `alloc ${type}`,
      ).toBe("ERR_MORPH_INVALID_TYPE");
    }
    for (const type of [0, pair, 99, Number.NaN]) {
      expect(codeOf(() => gc.allocArray(type, 1))).toBe("ERR_MORPH_INVALID_TYPE");
    }
    for (const length of [-1, 0.5, Number.NaN, 2 ** 31, 2 ** 32, "4"] as number[]) {
      expect(
        codeOf(() => gc.allocArray(list, length)),
        `length ${length}`,
      ).toBe("ERR_MORPH_INVALID_SIZE");
    }
    expect(codeOf(() => gc.liveObjects(9))).toBe("ERR_MORPH_INVALID_TYPE");
    expect(codeOf(() => gc.collect("all" as "minor"))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => gc.step(-1))).toBe("ERR_MORPH_INVALID_SIZE");
    gc.collect();
    check();
    gc.verify();
    expect(gc.liveObjects().length).toBe(3);
  });

  it("types", () => {
    const { gc } = make();
    const before = gc.types().length;
    for (const [options, code] of [
      [undefined, "ERR_MORPH_INVALID_TYPE"],
      [{ name: "", size: 8 }, "ERR_MORPH_INVALID_TYPE"],
      [{ name: "a", size: 0 }, "ERR_MORPH_INVALID_SIZE"],
      [{ name: "a", size: 2 ** 31 }, "ERR_MORPH_INVALID_SIZE"],
      [{ name: "a", size: 8, pointers: [8] }, "ERR_MORPH_INVALID_TYPE"],
      [{ name: "a", size: 8, pointers: [2] }, "ERR_MORPH_INVALID_TYPE"],
      [{ name: "a", size: 8, pointers: [0, 0] }, "ERR_MORPH_INVALID_TYPE"],
      [{ name: "a", size: 8, pointers: 4 }, "ERR_MORPH_INVALID_TYPE"],
    ] as const) {
      expect(codeOf(() => gc.type(options as never))).toBe(code);
    }
    expect(codeOf(() => gc.arrayType({ name: "a", size: 6, pointers: [0] }))).toBe("ERR_MORPH_INVALID_TYPE");
    expect(gc.types().length).toBe(before);
  });

  it("options", () => {
    const memory = new LinearMemory();
    const { footprint } = memory;
    for (const options of [
      { nurseryBytes: 1000 },
      { nurseryBytes: 0 },
      { maxBytes: 0 },
      { maxBytes: 100_000 },
      { pauseTargetMs: 0 },
      { stackBytes: 10 },
      { collectEvery: -1 },
      { moveAlways: 1 },
      { traceHandles: 1 },
      { onMemoryPressure: 1 },
      { nursery: 4 },
    ] as object[]) {
      expect(
        codeOf(() => new Collector({ memory, ...options })),
        JSON.stringify(options),
      ).toMatch(/ERR_MORPH_INVALID_CONFIG|ERR_MORPH_OUT_OF_MEMORY/);
      expect(memory.footprint).toBe(footprint);
    }
    expect(codeOf(() => new Collector({ memory: {} as LinearMemory }))).toBe("ERR_MORPH_INVALID_CONFIG");
  });
});

describe("the end", () => {
  it("gives everything back, and every call is refused", () => {
    const memory = new LinearMemory();
    const { footprint } = memory;
    const { gc, pair, list } = make({ memory });
    for (let i = 0; i < 1000; i++) gc.handle(gc.allocArray(list, i));
    gc.destroy();
    gc.destroy();
    expect(memory.footprint).toBe(footprint);
    for (const call of [
      () => gc.alloc(pair),
      () => gc.allocArray(list, 1),
      () => gc.write(8, 0, 0),
      () => gc.collect(),
      () => gc.step(1),
      () => gc.typeOf(8),
      () => gc.owns(8),
      () => gc.verify(),
      () => gc.stats(),
      () => gc.liveObjects(),
      () => gc.pushFrame(1),
      () => gc.addRoot(8),
      () => gc.handle(8),
    ]) {
      expect(codeOf(call)).toBe("ERR_MORPH_DESTROYED");
    }
  });

  it("of the memory is met as ERR_MORPH_DESTROYED", () => {
    const { gc, pair } = make();
    gc.alloc(pair);
    gc.memory.destroy();
    expect(codeOf(() => gc.alloc(pair))).toBe("ERR_MORPH_DESTROYED");
    expect(codeOf(() => gc.collect())).toBe("ERR_MORPH_DESTROYED");
    expect(codeOf(() => gc.owns(8))).toBe("ERR_MORPH_DESTROYED");
  });
});
