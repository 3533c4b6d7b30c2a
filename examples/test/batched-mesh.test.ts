import { expect, it } from "vitest";
import { GeometryPool } from "../batched-mesh/geometry-pool.ts";

it("geometries keep their vertices through 50,000 adds and removes at random, in a buffer that is nearly full", () => {
  const pool = new GeometryPool({ itemSize: 3, maxVertices: 100_000, maxGeometries: 2000 });
  const live = new Map<number, number>();
  let seed = 1;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (seed >>> 8) % below;
  };
  let refused = 0;
  let used = 0;
  for (let turn = 0; turn < 50_000; turn++) {
    const count = 24 + random(477);
    const id = pool.add(new Float32Array(count * 3).fill(turn));
    if (id < 0) {
      refused++;
      expect(used + count).toBeGreaterThan(100_000);
      for (let i = 0; i < 10; i++) {
        const ids = [...live.keys()];
        const victim = ids[random(ids.length)]!;
        used -= pool.drawRange(victim).count;
        pool.remove(victim);
        live.delete(victim);
      }
      continue;
    }
    expect(live.has(id)).toBe(false);
    live.set(id, turn);
    used += count;
  }
  expect(refused).toBeGreaterThan(2000);
  expect(pool.end).toBeLessThan(600);
  for (const [id, turn] of live) {
    const { start, count } = pool.drawRange(id);
    expect(pool.vertices.subarray(start * 3, (start + count) * 3).every((value) => value === turn)).toBe(true);
  }
});

it("the lowest id comes first, and there are no more than were asked for", () => {
  const pool = new GeometryPool({ itemSize: 1, maxVertices: 10, maxGeometries: 3 });
  const one = new Float32Array(1);
  expect([pool.add(one), pool.add(one), pool.add(one), pool.add(one)]).toEqual([0, 1, 2, -1]);
  pool.remove(1);
  pool.remove(0);
  expect([pool.add(one), pool.add(one), pool.end]).toEqual([0, 1, 3]);
});
