import type { AddressInfo } from "node:net";
import { createContext, runInContext } from "node:vm";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { expect, it } from "vitest";
import { Particles } from "../particles/particles.ts";
import { serve } from "../particles/serve.mjs";

interface Plain {
  x: number;
  y: number;
  speedX: number;
  speedY: number;
  life: number;
  color: number;
}

it("particles move and die as plain objects do, while the memory grows under them", () => {
  const heap = new Heap({ memory: new LinearMemory({ initialPages: 4 }) });
  const particles = new Particles(heap, 500);
  let plain: Plain[] = [];
  const { fround } = Math;
  for (let turn = 0; turn < 300; turn++) {
    for (let i = 0; i < 7; i++) {
      const [x, speedX, life] = [turn + i, i - 3, fround(0.1 + ((turn * i) % 50) / 25)];
      particles.emit(x, 10, speedX, -5, life, i);
      if (plain.length < 500) plain.push({ x, y: 10, speedX, speedY: -5, life, color: i });
    }
    if (turn % 60 === 0) heap.malloc(1_000_000);
    particles.step(0.0625, 8);
    for (const one of plain) {
      one.life = fround(one.life - 0.0625);
      one.speedY = fround(one.speedY + 8 * 0.0625);
      one.x = fround(one.x + one.speedX * 0.0625);
      one.y = fround(one.y + one.speedY * 0.0625);
    }
    plain = plain.filter(({ life }) => life > 0);
    const seen: number[][] = [];
    particles.each((...one) => seen.push(one));
    const expected = plain.map(({ x, y, life, color }) => [x, y, life, color]);
    const order = (a: number[], b: number[]): number =>
      a.findIndex((value, i) => value !== b[i]) < 0 ? 0 : a.join() < b.join() ? -1 : 1;
    expect(seen.sort(order)).toEqual(expected.sort(order));
  }
  expect(particles.count).toBeGreaterThan(100);
  heap.verify();
  particles.free();
});

it("the page is served with its headers, and its program draws", async () => {
  const server = await serve(0);
  const page = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  try {
    const html = await fetch(page);
    expect(html.headers.get("Cross-Origin-Opener-Policy")).toBe("same-origin");
    expect(html.headers.get("Cross-Origin-Embedder-Policy")).toBe("require-corp");
    expect(await html.text()).toContain('src="page.js"');
    expect((await fetch(`${page}none`)).status).toBe(404);

    const program = await (await fetch(`${page}page.js`)).text();
    const frames: ((now: number) => void)[] = [];
    let drawn = 0;
    const context = { clearRect: () => {}, fillRect: () => drawn++ };
    const canvas = { width: 800, height: 600, getContext: () => context };
    runInContext(
      program,
      createContext({
        document: { querySelector: () => canvas },
        performance: { now: () => 0 },
        requestAnimationFrame: (frame: (now: number) => void) => frames.push(frame),
      }),
    );
    for (let now = 16; now < 1000; now += 16) frames.shift()?.(now);
    expect(frames.length).toBe(1);
    expect(drawn).toBeGreaterThan(10_000);
  } finally {
    server.close();
  }
});
