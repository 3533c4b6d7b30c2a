/** Stack overflows: whatever throws a RangeError does so before anything changes. */
import { describe, expect, it } from "vitest";
import { atEveryDepth } from "../../../scripts/test-kit/at-every-depth.ts";
import { importBundled } from "../../../scripts/test-kit/bundled.ts";
import { random } from "../../../scripts/test-kit/random.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

const { Heap, LinearMemory } = await importBundled<Package>(new URL("..", import.meta.url));

type Next = (below: number) => number;

const KINDS = ["small", "block", "grow", "run", "churn", "limit"] as const;

const sizeOf = (kind: (typeof KINDS)[number], next: Next): number => {
  if (kind === "small" || kind === "limit") return 1 + next(1024);
  if (kind === "block") return 1025 + next(20_000);
  if (kind === "grow") return 60_000 + next(200_000);
  if (kind === "run") return 1_000_000 + next(300_000);
  return 1 + next(next(4) === 0 ? 100_000 : 3000);
};

/** Live objects as the caller knows them: what throws has not happened. */
class Known {
  readonly live: [pointer: number, size: number][] = [];
  private readonly heap: InstanceType<Package["Heap"]>;
  constructor(heap: InstanceType<Package["Heap"]>) {
    this.heap = heap;
  }
  step(kind: (typeof KINDS)[number], next: Next): void {
    const { heap, live } = this;
    const operation = next(12);
    const size = sizeOf(kind, next);
    const i = next(Math.max(1, live.length));
    const object = live[i];
    // Everything that may throw is one call; what is known changes after it, without a call.
    if (operation < 4 || object === undefined) {
      const pointer = heap.tryMalloc(size);
      if (pointer !== 0) live[live.length] = [pointer, size];
    } else if (operation < 8) {
      const last = live[live.length - 1]!;
      heap.free(object[0]);
      live[i] = last;
      live.length--;
    } else if (operation === 8) {
      const pointer = heap.tryRealloc(object[0], size);
      if (pointer !== 0) object[0] = pointer;
      if (pointer !== 0) object[1] = size;
    } else if (operation === 9) {
      const pointer = heap.tryCalloc(1, size);
      if (pointer !== 0) live[live.length] = [pointer, size];
    } else if (operation === 10) {
      const pointer = heap.tryAlignedAlloc(16 << (size & 15), size);
      if (pointer !== 0) live[live.length] = [pointer, size];
    } else {
      heap.trim();
    }
  }
  check(): void {
    this.heap.verify();
    let bytes = 0;
    for (const [pointer, size] of this.live) {
      expect(this.heap.usableSize(pointer)).toBeGreaterThanOrEqual(size);
      bytes += this.heap.usableSize(pointer);
    }
    expect(this.heap.stats().currentLive).toBe(bytes);
    expect([...this.heap.liveObjects()]).toEqual(this.live.map(([pointer]) => pointer).sort((a, b) => a - b));
  }
}

describe("a stack overflow", () => {
  it.each(KINDS)("in the middle of %s leaves nothing half done", { timeout: 60_000 }, (kind) => {
    let overflows = 0;
    for (const warm of [0, 10_000]) {
      const memory = new LinearMemory({ initialPages: 8 });
      const heap = new Heap(kind === "limit" ? { memory, maxBytes: 600_000 } : { memory });
      const known = new Known(heap);
      const next = random(warm + kind.length);
      const most = kind === "run" || kind === "grow" ? 12 : 300;
      const prune = (): void => {
        while (known.live.length > most) heap.free(known.live.pop()![0]);
      };
      for (let i = 0; i < warm; i++) {
        known.step(kind, next);
        if (known.live.length > most * 1.2) prune();
      }
      for (let round = 0; round < 150; round++) {
        overflows += atEveryDepth(() => known.step(kind, next), round % 37);
        if (round % 10 === 0) {
          known.check();
          for (let i = 0; i < 60; i++) known.step(kind, next);
          prune();
          known.check();
        }
      }
      known.check();
    }
    expect(overflows).toBeGreaterThan(100);
  });
});
