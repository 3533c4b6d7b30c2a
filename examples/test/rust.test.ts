import { expect, it } from "vitest";
import { instantiate } from "../rust/host.ts";

/** The same as `count` in words.rs. */
function count(words: number): number {
  const counts = new Map<string, number>();
  let state = 1;
  for (let i = 0; i < words; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const word = (state >>> 20).toString(2);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.reduce((sum, [, count], i) => (sum + Math.imul(count, i + 1)) >>> 0, 0);
}

it("a Rust program allocates in a heap, and gives back all", () => {
  const { words, heap } = instantiate();
  for (const number of [0, 1, 1000, 100_000]) {
    expect(words.count(number) >>> 0).toBe(count(number));
    heap.verify();
  }
  expect(words.wide(1000)).toBe(1);
  heap.verify();
  const { currentLive, peakLive } = heap.stats();
  expect([currentLive, peakLive > 100_000]).toEqual([0, true]);
});
