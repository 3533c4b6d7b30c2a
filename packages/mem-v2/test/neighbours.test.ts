import { Arena } from "@morph/arena";
import { Heap } from "@morph/heap";
import { LinearMemory, type MorphError, PAGE_BYTES } from "@morph/memory";
import { Pool, PoolManager } from "@morph/pool";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { random } from "../../../scripts/test-kit/random.ts";
import { COMPILER, MemoryContext, RUNTIME, SERVER } from "../src/index.ts";

/** What a program does with an allocator, whichever it is. */
interface Allocator {
  alloc(size: number): number;
  free?(pointer: number): void;
  realloc?(pointer: number, size: number): number;
  trim(): number;
  reset?(): void;
  verify(): void;
  destroy(): void;
}

/** An allocator, the sizes that it serves, and what it should hold: size by pointer. */
interface Tenant {
  readonly allocator: Allocator;
  readonly context?: MemoryContext;
  readonly sizes: readonly [least: number, most: number];
  readonly live: Map<number, number>;
}

/** Around the borders of what is small, cut from a chunk, or takes pages. */
const SIZES = [0, 8, 48, 128, 248, 249, 500, 2048, 2049, 5000, 65_520, 200_000];

/** Random programs of several allocators that come and go in one memory, which is often full. */
class Neighbours {
  private readonly next: (below: number) => number;
  private readonly memory: LinearMemory;
  private readonly tenants: Tenant[] = [];

  constructor(seed: number) {
    this.next = random(seed);
    this.memory = new LinearMemory({ initialPages: 1, maxPages: 20 + this.next(80) });
  }

  step(): void {
    const { next, tenants } = this;
    const tenant = tenants[next(tenants.length + 1)];
    if (tenant === undefined) {
      this.settle();
      return;
    }
    const { allocator, live } = tenant;
    const kind = next(20);
    const size = next(3) === 0 ? next(3000) : SIZES[next(SIZES.length)]!;
    if (kind < 6) this.allocMany(tenant, size, next(400));
    else if (kind < 8) this.allocMany(tenant, Math.max(size, 100), 20_000);
    else if (kind < 13) this.freeSome(tenant, [1, 2, 5][next(3)]!);
    else if (kind < 15) allocator.trim();
    else if (kind < 17) for (const pointer of [...live.keys()].slice(0, 20)) this.resize(tenant, pointer, size);
    else if (kind < 19 && allocator.reset !== undefined) {
      allocator.reset();
      live.clear();
    } else {
      allocator.destroy();
      tenants.splice(tenants.indexOf(tenant), 1);
    }
  }

  /** Everything is as the model says. */
  check(): void {
    const ranges: [pointer: number, size: number][] = [];
    for (const { allocator, context, live } of this.tenants) {
      allocator.verify();
      for (const [pointer, size] of live) this.requireBytes(pointer, size, pointer);
      // An object of no bytes has a pointer of its own in its context; at the end of a page another allocator's object may start there.
      ranges.push(...[...live].filter(([, size]) => size > 0));
      const bytes = [...live.values()].reduce((sum, size) => sum + size, 0);
      const stats = context?.stats();
      if (stats !== undefined && (stats.liveObjects !== live.size || stats.currentLive !== bytes)) {
        throw new Error("the statistics are wrong");
      }
    }
    ranges.sort(([a], [b]) => a - b);
    let end = 0;
    for (const [pointer, size] of ranges) {
      if (pointer < end) throw new Error(`the object at ${pointer} overlaps the one before it`);
      end = pointer + size;
    }
  }

  /** One more allocator, if there is room. */
  private settle(): void {
    const { memory, next } = this;
    if (this.tenants.length === 5) return;
    this.ifThereIsRoom(() => {
      const kind = next(6);
      const live = new Map<number, number>();
      if (kind < 3) {
        const config = [COMPILER, RUNTIME, { ...SERVER, maxBytes: 0x10_0000 + next(0x20_0000) }][kind]!;
        const context = new MemoryContext({ ...config, memory });
        this.tenants.push({ allocator: context, context, sizes: [0, 300_000], live });
      } else if (kind === 3) this.tenants.push({ allocator: new Arena({ memory }), sizes: [1, 300_000], live });
      else if (kind === 4) this.tenants.push({ allocator: new PoolManager({ memory }), sizes: [1, 256], live });
      else {
        const heap = new Heap({ memory });
        const allocator = Object.assign(heap, { alloc: (size: number) => heap.malloc(size) });
        this.tenants.push({ allocator, sizes: [1, 300_000], live });
      }
    });
  }

  private allocMany(tenant: Tenant, wanted: number, most: number): void {
    const { allocator, live } = tenant;
    const size = sizeFor(tenant, wanted);
    this.ifThereIsRoom(() => {
      for (let i = 0; i < most; i++) {
        const pointer = allocator.alloc(size);
        if (live.has(pointer)) throw new Error(`the object at ${pointer} was handed out twice`);
        this.write(pointer, size);
        live.set(pointer, size);
      }
    });
  }

  /** One of so many. */
  private freeSome({ allocator, live }: Tenant, parts: number): void {
    if (allocator.free === undefined) return;
    for (const [pointer, size] of [...live]) {
      if (this.next(parts) !== 0) continue;
      this.requireBytes(pointer, size, pointer);
      allocator.free(pointer);
      live.delete(pointer);
    }
  }

  private resize(tenant: Tenant, pointer: number, wanted: number): void {
    const { allocator, live } = tenant;
    if (allocator.realloc === undefined) return;
    const size = sizeFor(tenant, wanted);
    const before = live.get(pointer)!;
    this.ifThereIsRoom(() => {
      const moved = allocator.realloc!(pointer, size);
      live.delete(pointer);
      this.requireBytes(moved, Math.min(before, size), pointer);
      this.write(moved, size);
      live.set(moved, size);
    });
  }

  private ifThereIsRoom(action: () => void): void {
    try {
      action();
    } catch (error) {
      if ((error as MorphError).code !== "ERR_MORPH_OUT_OF_MEMORY") throw error;
    }
  }

  private write(pointer: number, size: number): void {
    this.memory.u8.fill(byteOf(pointer), pointer, pointer + size);
  }

  /** @throws Error unless the bytes are those that were written when the object had some pointer */
  private requireBytes(pointer: number, size: number, had: number): void {
    const { u8 } = this.memory;
    const byte = byteOf(had);
    const step = size < 500 ? 1 : 61;
    for (let at = pointer; at < pointer + size; at += step) {
      if (u8[at] !== byte) throw new Error(`byte ${at - pointer} of the object at ${pointer} changed`);
    }
    if (size > 0 && u8[pointer + size - 1] !== byte) throw new Error(`the last byte of ${pointer} changed`);
  }
}

function sizeFor({ sizes: [least, most] }: Tenant, wanted: number): number {
  return Math.max(least, wanted > most ? 1 + (wanted % most) : wanted);
}

function byteOf(pointer: number): number {
  return (pointer >>> 3) % 251;
}

describe("allocators of one memory that come and go", () => {
  it("lose nothing, also when it is full, whatever sizes follow one another", { timeout: 60_000 }, () => {
    for (let seed = 1; seed <= 15; seed++) {
      const neighbours = new Neighbours(seed * 7919);
      for (let i = 0; i < 60; i++) {
        neighbours.step();
        if (i % 10 === 9) neighbours.check();
      }
    }
  });

  it.each([79, 130])("have nearly all of %i pages, whoever had all of them before", (maxPages) => {
    for (const first of ALLOCATORS) {
      for (const second of ALLOCATORS) {
        const memory = new LinearMemory({ initialPages: 1, maxPages });
        const allocator = first(memory);
        const pointers: number[] = [];
        for (let p = allocator.tryAlloc(5000); p !== 0; p = allocator.tryAlloc(5000)) pointers.push(p);
        for (const pointer of pointers) allocator.free(pointer);
        allocator.trim();
        const next = second(memory);
        while (next.tryAlloc(200) !== 0);
        const pages = Array.from({ length: maxPages }, (_, page) => page * PAGE_BYTES);
        const free = pages.filter((pointer) => pointer >= memory.u8.length || memory.ownerOf(pointer) === 0);
        expect(free.length).toBeLessThanOrEqual(Math.ceil(maxPages / 48) + 1);
      }
    }
  });
});

interface Fillable {
  tryAlloc(size: number): number;
  free(pointer: number): void;
  trim(): number;
}

const ALLOCATORS: ((memory: LinearMemory) => Fillable)[] = [
  (memory) => contextOf(new MemoryContext({ ...RUNTIME, memory })),
  (memory) => contextOf(new MemoryContext({ ...COMPILER, memory })),
  (memory) => {
    const heap = new Heap({ memory });
    return { tryAlloc: (size) => heap.tryMalloc(size), free: (p) => heap.free(p), trim: () => heap.trim() };
  },
  (memory) => {
    const pools = new PoolManager({ memory });
    return { tryAlloc: () => pools.tryAlloc(200), free: (p) => pools.free(p), trim: () => pools.trim() };
  },
  (memory) => {
    const pool = new Pool({ slotSize: 200, memory });
    return { tryAlloc: () => pool.tryAlloc(), free: (p) => pool.free(p), trim: () => pool.trim() };
  },
];

function contextOf(ctx: MemoryContext): Fillable {
  return { tryAlloc: (size) => ctx.tryAlloc(size, 1), free: (p) => ctx.free(p), trim: () => ctx.trim() };
}

describe("a pointer of another memory", () => {
  it.each(ALLOCATORS.map((make, i) => [i, make] as const))("is refused, and takes nothing, allocator %i", (_, make) => {
    const owners = Array.from({ length: 12 }, () => make(new LinearMemory()));
    const pointers = owners.map((owner) => Array.from({ length: 500 }, () => owner.tryAlloc(200)));
    for (const [a, owner] of owners.entries()) {
      const theirs = pointers.flatMap((each, b) => (b === a ? [] : each.filter((_, i) => i % 50 === 0)));
      for (const pointer of theirs) expect(codeOf(() => owner.free(pointer))).toBe("ERR_MORPH_INVALID_POINTER");
    }
    for (const [a, owner] of owners.entries()) for (const pointer of pointers[a]!) owner.free(pointer);
  });
});
