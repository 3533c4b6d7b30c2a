import { readFileSync } from "node:fs";
import { Collector } from "@morph/gc";
import { LinearMemory } from "@morph/memory";
import { cpuMs, quantile } from "./clock.js";
import type { Figures } from "./figures.js";
import { NODE_BYTES } from "./old-objects.js";
import type { Plan } from "./plan.js";

const COUNT = 2e7;

interface Allocate {
  allocate(cursor: number, slotBytes: number, count: number): number;
}

/** Objects of 32 bytes, all garbage, collections included: in line in WebAssembly, and from JavaScript. */
export const allocation = ({ rounds, many }: Plan): Figures => {
  const memory = new LinearMemory({ initialPages: 256 });
  const gc = new Collector({ memory });
  const node = gc.type({ name: "node", size: NODE_BYTES, pointers: [0, 4] });
  const module = new WebAssembly.Module(readFileSync(new URL("../allocate.wasm", import.meta.url)));
  const imports = { env: { memory: memory.wasm }, allocate: { allocSlow: () => gc.alloc(node) } };
  const { allocate } = new WebAssembly.Instance(module, imports).exports as unknown as Allocate;
  const { pointer, slotBytes } = gc.cursorOf(node);
  const count = many < 1e6 ? COUNT / 10 : COUNT;
  const ways = {
    wasm: () => allocate(pointer, slotBytes, count),
    js: () => {
      for (let i = 0; i < count; i++) gc.alloc(node);
    },
  };
  const times = { wasm: [] as number[], js: [] as number[] };
  for (let round = 0; round <= rounds; round++) {
    for (const way of ["wasm", "js"] as const) {
      const start = cpuMs();
      ways[way]();
      if (round > 0) times[way].push(((cpuMs() - start) / count) * 1e6);
    }
  }
  return { wasm: quantile(times.wasm, 0.5), js: quantile(times.js, 0.5) };
};
