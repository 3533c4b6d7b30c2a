import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { expect, test } from "vitest";
import { V1_PAGE_BYTES } from "../src/v1/layout.ts";
import { PageSource } from "../src/v1/page-source.ts";

test("runs are zeroed and apart, and a freed one is found again: the lowest that is long enough", () => {
  const memory = new LinearMemory();
  const owner = memory.register({ name: "test", contractVersion: 1, viewsChanged: () => {} });
  const source = new PageSource(memory, owner);
  /** 4 KiB pages that are free, and the runs that were taken. */
  const free = new Set<number>();
  const runs: [first: number, pages: number][] = [];
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fff_ffff;
    return (seed >>> 8) % below;
  };
  const lowest = (pages: number): number => {
    const starts = [...free].filter((page) =>
      Array.from({ length: pages }, (_, i) => page + i).every((p) => free.has(p)),
    );
    return Math.min(...starts);
  };
  for (let i = 0; i < 1200; i++) {
    if (runs.length > 60 || (runs.length > 0 && random(2) === 0)) {
      const [[first, pages]] = runs.splice(random(runs.length), 1) as [[number, number]];
      source.give(first * V1_PAGE_BYTES, pages);
      for (let page = first; page < first + pages; page++) free.add(page);
    } else {
      const pages = random(3) === 0 ? 1 : 1 + random(40);
      const expected = lowest(pages);
      const pointer = source.take(pages);
      const first = pointer / V1_PAGE_BYTES;
      if (expected !== Infinity) expect(first).toBe(expected);
      else for (let page = first; page % 16 !== 0 || page < first + pages; page++) free.add(page);
      const bytes = memory.u8.subarray(pointer, pointer + pages * V1_PAGE_BYTES);
      expect(bytes.every((byte) => byte === 0)).toBe(true);
      bytes.fill(1);
      for (let page = first; page < first + pages; page++) free.delete(page);
      runs.push([first, pages]);
    }
  }
});

test("what runs leave over is not searched again for each of 200,000 of three pages", () => {
  // Pages without bytes: only the search takes time.
  let next = 0;
  const acquire = (pages: number): number => {
    next += pages;
    return (next - pages) * PAGE_BYTES;
  };
  const memory = { u8: { fill: () => {} }, acquire };
  const source = new PageSource(memory as unknown as LinearMemory, 2);
  // Were each search as long as what came before, these would not end in the time that a test has.
  for (let i = 0; i < 200_000; i++) source.take(3);
  expect(next).toBe(40_000);
});
