import { Arena } from "@morph/arena";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { describe, expect, expectTypeOf, test } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import {
  arrayOf,
  bits,
  bool,
  type CursorOf,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type ObjectOf,
  pointer,
  struct,
  u8,
  u16,
  u32,
  u64,
  utf8,
  vec,
  writeUtf8,
} from "../src/index.ts";

const Inner = struct({ a: u8, b: f64, list: arrayOf(i32, 3) });
const Particle = struct({
  position: vec(f32, 3),
  life: i32,
  next: pointer(() => Particle),
  name: utf8,
  alive: bool,
  flags: bits(u8, 3),
  inner: Inner,
  inners: arrayOf(Inner, 2),
  big: i64,
});

function zeroed(heap: Heap, count = 1): number {
  return heap.calloc(count, Particle.size);
}

describe("a cursor", () => {
  test("reads and writes where it is, and moves", () => {
    const heap = new Heap();
    const [p, q] = [zeroed(heap), zeroed(heap)];
    const c = Particle.cursor(heap.memory, p);
    c.life = 7;
    c.position.x = 1.5;
    c.position.set(1, 2.5);
    c.next = q;
    c.alive = true;
    c.flags = 13;
    c.inner.b = 0.25;
    c.inner.list.set(2, -9);
    c.inners.get(1).list.set(0, 4);
    c.big = -5n;
    expect(c.at(q)).toBe(c);
    expect([c.pointer, c.life, c.position.x, c.next, c.alive]).toEqual([q, 0, 0, 0, false]);
    c.at(p);
    expect([c.life, c.position.get(0), c.position.y, c.next, c.alive, c.flags]).toEqual([7, 1.5, 2.5, q, true, 5]);
    expect([c.inner.b, c.inner.list.get(2), c.inners.get(1).list.get(0), c.big]).toEqual([0.25, -9, 4, -5n]);
    const { offsets } = Particle;
    expect(heap.memory.i32[(p + offsets.life) / 4]).toBe(7);
    expect(heap.memory.f32[(p + offsets.position) / 4 + 1]).toBe(2.5);
    expect(heap.memory.u32[(p + offsets.next) / 4]).toBe(q);
  });

  test.each(["c", "packed"] as const)("is nowhere where a struct would go on at the memory's start: %s", (layout) => {
    const memory = new LinearMemory({ initialPages: 2 });
    const Type = struct({ a: u8, b: f64, list: arrayOf(u16, 5), xyz: vec(f32, 3), last: i32 }, { layout });
    const c = Type.cursor(memory);
    const { a, b, last } = Type.in(memory);
    const before = memory.u8.slice();
    for (let back = Type.align; back < Type.size + 16; back += Type.align) {
      const p = 2 ** 32 - back;
      const uses: (() => unknown)[] = [
        () => Type.toObject(c.at(p)),
        () => Type.from({ last: 7 }, c.at(p)),
        () => c.at(p).list.set(4, 7),
        () => {
          c.at(p).xyz.z = 7;
        },
        () => a.get(p),
        () => b.set(p, 7),
        () => last.set(p, 7),
      ];
      expect(uses.map(codeOf)).toEqual(uses.map(() => "ERR_MORPH_INVALID_POINTER"));
    }
    expect(memory.u8).toEqual(before);
  });

  test("lets two be used side by side", () => {
    const heap = new Heap();
    const [a, b] = [Particle.cursor(heap.memory, zeroed(heap)), Particle.cursor(heap.memory, zeroed(heap))];
    a.life = 1;
    b.life = 2;
    a.inner.a = 3;
    expect([a.life, b.life, b.inner.a]).toEqual([1, 2, 0]);
  });

  test("walks a list until null", () => {
    const heap = new Heap();
    let head = 0;
    const c = Particle.cursor(heap.memory);
    for (let i = 0; i < 5; i++) {
      c.at(zeroed(heap)).life = i;
      c.next = head;
      head = c.pointer;
    }
    const lives: number[] = [];
    for (c.at(head); c.pointer !== 0; c.at(c.next)) lives.push(c.life);
    expect(lives).toEqual([4, 3, 2, 1, 0]);
  });

  test("refuses its fields at null, at a pointer that is not aligned, beyond the memory, and before it was placed", () => {
    const heap = new Heap();
    const p = zeroed(heap);
    const c = Particle.cursor(heap.memory);
    const beyond = heap.memory.u8.length;
    const none = [Number.NaN, Number.POSITIVE_INFINITY, undefined as unknown as number];
    for (const wrong of [0, p + 1, p + 4, p + 0.5, -p, p + 2 ** 32, beyond, ...none]) {
      expect(codeOf(() => c.at(wrong).life)).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => (c.at(wrong).life = 1))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => c.at(wrong).inner.list.get(0))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => Particle.in(heap.memory).alive.get(wrong))).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => Particle.in(heap.memory).alive.set(wrong, true))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    expect(codeOf(() => Particle.cursor(heap.memory).life)).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => Particle.cursor(heap.memory, p + 4))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(c.at(p + 4).pointer).toBe(0);
    expect(c.at(p).life).toBe(0);
    expect(new Uint8Array(heap.memory.u8.subarray(p, p + Particle.size)).every((byte) => byte === 0)).toBe(true);
  });

  test("becomes a plain object, and takes one", () => {
    const heap = new Heap();
    const c = Particle.cursor(heap.memory, zeroed(heap));
    const name = writeUtf8(heap, "häagen");
    const inner = { a: 3, b: 0.5, list: [1, 2, 3] };
    const back = Particle.from(
      {
        position: new Float32Array([1, 2, 3]),
        life: 4,
        name,
        alive: true,
        flags: 2,
        inner,
        inners: [inner, inner],
        big: 9n,
      },
      c,
    );
    expect(back).toBe(c);
    expect(Particle.toObject(c)).toEqual({
      position: [1, 2, 3],
      life: 4,
      next: 0,
      name: "häagen",
      alive: true,
      flags: 2,
      inner,
      inners: [inner, inner],
      big: 9n,
    });
    Particle.from({ inner: { b: 8 } }, c);
    expect([c.inner.a, c.inner.b, c.life]).toEqual([3, 8, 4]);
  });

  test("refuses objects with other names or lengths, before it writes those", () => {
    const heap = new Heap();
    const c = Particle.cursor(heap.memory, zeroed(heap));
    expect(codeOf(() => Particle.from({ life: 5, lief: 4 } as object, c))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => Particle.from({ position: [1, 2] }, c))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(codeOf(() => Particle.from({ inner: { c: 1 } as object }, c))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => Particle.from({}, {} as typeof c))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => Particle.from(null as unknown as object, c))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => Particle.toObject({} as typeof c))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(Particle.toObject(c)).toMatchObject({ life: 0, position: [0, 0, 0] });
  });

  test("is written wholly or not at all", () => {
    const heap = new Heap();
    const p = zeroed(heap);
    const c = Particle.cursor(heap.memory, p);
    const right = { position: [1, 2, 3], life: 4, alive: true, flags: 5, big: 6n, inner: { a: 7, list: [8, 9, 10] } };
    const wrong: [late: object, code: string][] = [
      [{ life: "4" }, "ERR_MORPH_INVALID_CONFIG"],
      [{ alive: 1 }, "ERR_MORPH_INVALID_CONFIG"],
      [{ flags: null }, "ERR_MORPH_INVALID_CONFIG"],
      [{ big: 4 }, "ERR_MORPH_INVALID_CONFIG"],
      [{ life: 4n }, "ERR_MORPH_INVALID_CONFIG"],
      [{ inner: null }, "ERR_MORPH_INVALID_CONFIG"],
      [{ inner: { list: [1, 2, Symbol("3")] } }, "ERR_MORPH_INVALID_CONFIG"],
      [{ inners: [{ a: 1 }, { a: 2, b: "2" }] }, "ERR_MORPH_INVALID_CONFIG"],
      [{ inners: [{ a: 1 }] }, "ERR_MORPH_INVALID_SIZE"],
      [{ position: "123" }, "ERR_MORPH_INVALID_CONFIG"],
      [{ next: p + 4 }, "ERR_MORPH_INVALID_POINTER"],
      [{ name: "Ada" }, "ERR_MORPH_INVALID_POINTER"],
      [{ name: p + 2 }, "ERR_MORPH_INVALID_POINTER"],
    ];
    const fields = Particle.in(heap.memory);
    for (const [late, code] of wrong) {
      expect(codeOf(() => Particle.from({ ...right, ...late }, c))).toBe(code);
      expect(
        codeOf(() => Particle.from({ life: 1, ...late } as object, Particle.columns(heap.memory, p, 1).at(0))),
      ).toBe(code);
    }
    expect(codeOf(() => fields.inner.set(p, { a: 1, list: [1, 2] }))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(codeOf(() => fields.position.set(p, [1, 2, "3" as unknown as number]))).toBe("ERR_MORPH_INVALID_CONFIG");
    // A struct that the memory ends in has fields that are there, and others that are not.
    c.at(heap.memory.u8.length - Inner.align);
    expect(codeOf(() => Particle.from({ position: [1, 2, 3], life: 4 }, c))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(heap.memory.u32.at(-1)).toBe(0);
    expect([...heap.memory.u8.subarray(p, p + Particle.size)].filter((byte) => byte !== 0)).toEqual([]);
    expect(Particle.from({ ...right, life: undefined } as object, c.at(p)).life).toBe(0);
    expect(Particle.toObject(c)).toMatchObject({ ...right, life: 0, inner: { a: 7, b: 0, list: [8, 9, 10] } });
  });

  test("reads a text where there is one", () => {
    for (const shared of [false, true]) {
      const heap = new Heap({ memory: new LinearMemory({ shared, maxPages: 300 }) });
      const p = zeroed(heap);
      const fields = Particle.in(heap.memory);
      expect(fields.name.get(p)).toBeNull();
      fields.name.set(p, writeUtf8(heap, "日本語"));
      expect([fields.name.get(p), Particle.cursor(heap.memory, p).name]).toEqual(["日本語", "日本語"]);
    }
  });

  test("asks for a memory", () => {
    for (const wrong of [undefined, {}, 4]) {
      expect(codeOf(() => Particle.cursor(wrong as unknown as LinearMemory))).toBe("ERR_MORPH_INVALID_CONFIG");
      expect(codeOf(() => Particle.in(wrong as unknown as LinearMemory))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
  });
});

describe("in a memory with debugViews", () => {
  const ways: Record<string, (memory: LinearMemory, pointer: number) => () => unknown> = {
    "a cursor": (memory, pointer) => {
      const cursor = Particle.cursor(memory, pointer);
      return () => cursor.life;
    },
    "a cursor that writes": (memory, pointer) => {
      const cursor = Particle.cursor(memory).at(pointer);
      return () => (cursor.life = 1);
    },
    "a component": (memory, pointer) => {
      const { position } = Particle.cursor(memory, pointer);
      return () => position.x;
    },
    "a list of a nested struct": (memory, pointer) => {
      const { inner } = Particle.cursor(memory, pointer);
      return () => inner.list.get(1);
    },
    "a bit field": (memory, pointer) => {
      const cursor = Particle.cursor(memory, pointer);
      return () => cursor.flags;
    },
    "a packed field": (memory, pointer) => {
      const cursor = struct({ a: u8, b: f64, c: bits(u8, 3) }, { layout: "packed" }).cursor(memory, pointer);
      return () => cursor.b + cursor.c;
    },
    "an array": (memory, pointer) => {
      const array = Inner.array(memory, pointer, 3);
      return () => array.at(1).b;
    },
    columns: (memory, pointer) => {
      const columns = Inner.columns(memory, pointer, 3);
      return () => columns.at(1).list.get(0);
    },
  };

  test.each(Object.entries(ways))(
    "%s goes on across allocations, and is refused after the object was freed",
    (_, way) => {
      const heap = new Heap({ memory: new LinearMemory({ debugViews: true }) });
      const pointer = heap.calloc(1, Particle.size);
      const use = way(heap.memory, pointer);
      use();
      heap.malloc(100);
      heap.free(heap.malloc(1000));
      use();
      heap.free(pointer);
      expect(codeOf(use)).toBe("ERR_MORPH_USE_AFTER_FREE");
      // Also when somebody else has the place.
      expect(heap.malloc(Particle.size)).toBe(pointer);
      expect(codeOf(use)).toBe("ERR_MORPH_USE_AFTER_FREE");
    },
  );

  test("a cursor may move on, and wrong pointers are refused at once", () => {
    const heap = new Heap({ memory: new LinearMemory({ debugViews: true }) });
    const [p, q] = [zeroed(heap), zeroed(heap)];
    const cursor = Particle.cursor(heap.memory, p);
    heap.free(p);
    expect(cursor.at(q).life).toBe(0);
    expect(codeOf(() => cursor.at(q + 4))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(codeOf(() => cursor.at(q / 8))).toBe("ERR_MORPH_INVALID_POINTER");
    expect(cursor.pointer).toBe(q);
    expect(cursor.at(0).pointer).toBe(0);
    expect(codeOf(() => cursor.life)).toBe("ERR_MORPH_INVALID_POINTER");
    const arena = new Arena({ memory: heap.memory });
    cursor.at(arena.alloc(Particle.size)).life = 4;
    expect(cursor.life).toBe(4);
    arena.reset();
    expect(codeOf(() => cursor.life)).toBe("ERR_MORPH_USE_AFTER_FREE");
  });
});

describe("numbers", () => {
  test("wrap as in typed arrays, also in packed structs and bit fields", () => {
    const heap = new Heap();
    const fields = { a: i8, b: u8, c: i16, d: u16, e: i32, f: u32, g: bits(i8, 3), h: bits(u32, 32), i: i64, j: u64 };
    for (const layout of ["c", "packed"] as const) {
      const Numbers = struct(fields, { layout });
      const c = Numbers.cursor(heap.memory, heap.calloc(1, Numbers.size));
      for (const [name, value] of Object.entries({
        a: 200,
        b: 300,
        c: 40_000,
        d: 70_000,
        e: 2 ** 31,
        f: -1,
        g: 5,
        h: -2,
      })) {
        (c as unknown as Record<string, number>)[name] = value;
      }
      c.i = 2n ** 63n;
      c.j = -1n;
      const expected = [-56, 44, -25_536, 4464, -(2 ** 31), 2 ** 32 - 1, -3, 2 ** 32 - 2, -(2n ** 63n), 2n ** 64n - 1n];
      expect(Object.values(Numbers.toObject(c))).toEqual(expected);
    }
  });

  test("that are pointers come back unsigned, and must fit their target", () => {
    const heap = new Heap();
    const c = Particle.cursor(heap.memory, zeroed(heap));
    c.next = 2 ** 32 - 8;
    expect(c.next).toBe(2 ** 32 - 8);
    for (const wrong of [4, 1, -8, 2 ** 32, 8.5, Number.NaN]) {
      expect(codeOf(() => (c.next = wrong))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    expect(c.next).toBe(2 ** 32 - 8);
    c.next = 0;
    expect(c.next).toBe(0);
    const Loose = struct({ any: pointer(), no: pointer(() => 5) });
    const loose = Loose.cursor(heap.memory, heap.calloc(1, Loose.size));
    loose.any = 5;
    expect(loose.any).toBe(5);
    expect(codeOf(() => (loose.no = 8))).toBe("ERR_MORPH_INVALID_CONFIG");
  });
});

describe("lists", () => {
  test("refuse indexes that they do not have", () => {
    const heap = new Heap();
    const c = Particle.cursor(heap.memory, zeroed(heap));
    for (const wrong of [-1, 3, 1.5, Number.NaN]) {
      expect(codeOf(() => c.inner.list.get(wrong))).toBe("ERR_MORPH_INVALID_SIZE");
      expect(codeOf(() => c.position.set(wrong, 1))).toBe("ERR_MORPH_INVALID_SIZE");
    }
    expect([c.inner.list.length, c.position.length]).toEqual([3, 3]);
  });
});

describe("an array of structs", () => {
  test("shows each", () => {
    const heap = new Heap();
    const p = zeroed(heap, 10);
    const array = Particle.array(heap.memory, p, 10);
    for (let i = 0; i < array.length; i++) {
      const particle = array.at(i);
      particle.life = i;
      particle.inner.list.set(1, i);
    }
    expect([array.pointer, array.length]).toEqual([p, 10]);
    const c = Particle.cursor(heap.memory);
    expect(Array.from({ length: 10 }, (_, i) => c.at(p + i * Particle.size).life)).toEqual([...Array(10).keys()]);
    expect(Particle.toObject(array.at(4))).toMatchObject({ life: 4, inner: { list: [0, 4, 0] } });
    Particle.from({ life: 44 }, array.at(4));
    expect(c.at(p + 4 * Particle.size).life).toBe(44);
  });

  test("refuses the fields of what it has not, and places where it cannot be", () => {
    const heap = new Heap();
    const p = zeroed(heap, 10);
    const array = Particle.array(heap.memory, p, 10);
    for (const wrong of [-1, 10, 1.5, Number.NaN, 2 ** 32]) {
      expect(codeOf(() => array.at(wrong).life)).toBe("ERR_MORPH_INVALID_POINTER");
      expect(codeOf(() => (array.at(wrong).life = 3))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    const { length } = heap.memory.u8;
    for (const make of [
      () => Particle.array(heap.memory, 0, 1),
      () => Particle.array(heap.memory, p + 4, 1),
      () => Particle.array(heap.memory, length - Particle.size + 8, 1),
      () => Particle.array(heap.memory, p, length),
      () => Particle.columns(heap.memory, p + 4, 1),
      () => Particle.columns(heap.memory, p, length),
    ]) {
      expect(codeOf(make)).toBe("ERR_MORPH_INVALID_POINTER");
    }
    for (const wrong of [-1, 1.5, Number.NaN, 2 ** 31]) {
      expect(codeOf(() => Particle.array(heap.memory, p, wrong))).toBe("ERR_MORPH_INVALID_SIZE");
      expect(codeOf(() => Particle.columns(heap.memory, p, wrong))).toBe("ERR_MORPH_INVALID_SIZE");
      expect(codeOf(() => Particle.columnsSize(wrong))).toBe("ERR_MORPH_INVALID_SIZE");
    }
    expect(codeOf(() => Particle.array(heap.memory, p, 0).at(0).life)).toBe("ERR_MORPH_INVALID_POINTER");
  });
});

describe("structs in columns", () => {
  test("have an array for each field", () => {
    const heap = new Heap();
    const bytes = Particle.columnsSize(7);
    const p = heap.calloc(1, bytes);
    heap.memory.u8[p + bytes] = 77;
    const columns = Particle.columns(heap.memory, p, 7);
    for (let i = 0; i < 7; i++) {
      Particle.from(
        {
          position: [i, i + 1, i + 2],
          life: -i,
          next: 8 * i,
          alive: i % 2 === 0,
          flags: i,
          inner: { list: [i, 0, i] },
          big: BigInt(i),
        },
        columns.at(i),
      );
      columns.at(i).inners.get(1).b = i / 2;
    }
    expect(Particle.toObject(columns.at(5))).toEqual({
      position: [5, 6, 7],
      life: -5,
      next: 40,
      name: null,
      alive: false,
      flags: 5,
      inner: { a: 0, b: 0, list: [5, 0, 5] },
      inners: [
        { a: 0, b: 0, list: [0, 0, 0] },
        { a: 0, b: 2.5, list: [0, 0, 0] },
      ],
      big: 5n,
    });
    expect([...columns.view("life")]).toEqual([-0, -1, -2, -3, -4, -5, -6].map((life) => life | 0));
    expect([...columns.view("position").subarray(0, 6)]).toEqual([0, 1, 2, 1, 2, 3]);
    expect([...columns.view("big")]).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n]);
    expect([...columns.view("alive")]).toEqual([1, 0, 1, 0, 1, 0, 1]);
    expect([...columns.view("next")]).toEqual([0, 8, 16, 24, 32, 40, 48]);
    for (const none of ["flags", "inner", "inners", "name", "lief"] as const) {
      expect(codeOf(() => columns.view(none as "life"))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
    for (const wrong of [-1, 7, Number.NaN]) expect(codeOf(() => columns.at(wrong))).toBe("ERR_MORPH_INVALID_SIZE");
    expect(heap.memory.u8[p + bytes]).toBe(77);
  });

  test("are aligned in any layout", () => {
    const heap = new Heap();
    for (const layout of ["c", "packed", "wgsl"] as const) {
      const Point = struct({ a: u32, at2: vec(f32, 3), c: i32 }, { layout });
      const p = heap.alignedAlloc(16, Point.columnsSize(5));
      const columns = Point.columns(heap.memory, p, 5);
      for (let i = 0; i < 5; i++) Point.from({ a: i, at2: [i, i, -i], c: -i }, columns.at(i));
      expect([...columns.view("a")]).toEqual([0, 1, 2, 3, 4]);
      expect([...columns.view("c")].map((c) => -c | 0)).toEqual([0, 1, 2, 3, 4]);
      expect(Point.toObject(columns.at(3))).toEqual({ a: 3, at2: [3, 3, -3], c: -3 });
    }
  });
});

test("what is no type is refused with a code: a function that would make one, a class, an object with other members", () => {
  for (const none of [pointer, vec, struct, Float32Array, () => i32, { bind() {} }, {}, null, undefined, 4]) {
    expect(codeOf(() => struct({ a: none as unknown as typeof i32 }))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => arrayOf(none as unknown as typeof i32, 2))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => vec(none as unknown as typeof i32, 2))).toBe("ERR_MORPH_INVALID_CONFIG");
    expect(codeOf(() => bits(none as unknown as typeof i32, 2))).toBe("ERR_MORPH_INVALID_CONFIG");
  }
});

describe.each([false, true])("in a memory that is destroyed, shared: %s", (shared) => {
  test("a struct is refused, however one comes to it", () => {
    const memory: LinearMemory = shared ? new LinearMemory({ shared }) : new LinearMemory();
    const p = new Heap({ memory }).calloc(1, 1000);
    const cursor = Particle.cursor(memory, p);
    const fields = Particle.in(memory);
    const elements = Particle.array(memory, p, 2);
    const columns = Inner.columns(memory, p, 2);
    const packed = struct({ a: u8, b: f64 }, { layout: "packed" }).cursor(memory, p);
    const { position } = cursor;
    memory.destroy();
    const uses = [
      () => cursor.life,
      () => cursor.at(p).life,
      () => {
        cursor.life = 1;
      },
      () => cursor.name,
      () => position.x,
      () => position.set(0, 1),
      () => fields.big.get(p),
      () => fields.life.set(p, 1),
      () => elements.at(1).life,
      () => columns.at(1).b,
      () => packed.b,
      () => {
        packed.b = 1;
      },
      () => Particle.toObject(cursor),
      () => Particle.from({ life: 1 }, cursor),
      () => Particle.cursor(memory, p).life,
      () => Particle.array(memory, p, 1),
    ];
    expect(uses.map(codeOf)).toEqual(uses.map(() => "ERR_MORPH_DESTROYED"));
  });
});

test("types are inferred, and wrong ones are refused", () => {
  const memory = new LinearMemory();
  const c = Particle.cursor(memory);
  expectTypeOf(c).toEqualTypeOf<CursorOf<typeof Particle>>();
  expectTypeOf<ObjectOf<typeof Particle>>().toEqualTypeOf<{
    position: number[];
    life: number;
    next: number;
    name: string | null;
    alive: boolean;
    flags: number;
    inner: { a: number; b: number; list: number[] };
    inners: { a: number; b: number; list: number[] }[];
    big: bigint;
  }>();
  const lines = (): unknown[] => {
    expectTypeOf(c.life).toEqualTypeOf<number>();
    expectTypeOf(c.next).toEqualTypeOf<number>();
    expectTypeOf(c.name).toEqualTypeOf<string | null>();
    expectTypeOf(c.big).toEqualTypeOf<bigint>();
    expectTypeOf(c.alive).toEqualTypeOf<boolean>();
    expectTypeOf(c.position.z).toEqualTypeOf<number>();
    expectTypeOf(c.inner.list.get(0)).toEqualTypeOf<number>();
    expectTypeOf(c.at(8).inners.get(0).b).toEqualTypeOf<number>();
    expectTypeOf(Particle.in(memory).big.get(8)).toEqualTypeOf<bigint>();
    expectTypeOf(Particle.offsets.life).toEqualTypeOf<number>();
    expectTypeOf(Particle.columns(memory, 8, 1).view("life")).toEqualTypeOf<Int32Array>();
    expectTypeOf(Particle.columns(memory, 8, 1).view("position")).toEqualTypeOf<Float32Array>();
    // @ts-expect-error no such field
    c.lief = 3;
    // @ts-expect-error a number
    c.life = "3";
    // @ts-expect-error a bigint
    c.big = 3;
    // @ts-expect-error a boolean
    c.alive = 1;
    // @ts-expect-error texts are read only: one writes a pointer with `from` or `in`
    c.name = "sun";
    // @ts-expect-error its components are written
    c.position = [1, 2, 3];
    // @ts-expect-error three components
    c.position.w = 1;
    // @ts-expect-error no such field
    Particle.in(memory).lief;
    // @ts-expect-error a number
    Particle.in(memory).life.set(8, true);
    // @ts-expect-error no such field
    Particle.offsets.lief;
    // @ts-expect-error no such field
    Particle.from({ lief: 3 }, c);
    // @ts-expect-error a list of numbers
    Particle.from({ position: ["1", "2", "3"] }, c);
    // @ts-expect-error another struct's
    Particle.toObject(Inner.cursor(memory));
    // @ts-expect-error a cursor has that
    struct({ at: i32 });
    // @ts-expect-error a type
    struct({ a: 4 });
    // @ts-expect-error a layout
    struct({ a: i32 }, { layout: "C" });
    // @ts-expect-error an integer
    bits(f32, 3);
    // @ts-expect-error two to four
    vec(f32, 5);
    return [];
  };
  expect(lines).toBeTypeOf("function");
});
