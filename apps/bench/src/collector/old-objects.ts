import { Collector, type Handle } from "@morph/gc";
import { LinearMemory } from "@morph/memory";
import { xorshift } from "../xorshift.js";
import type { Pauses } from "./clock.js";

export const MIB = 1_048_576;
export const NODE_BYTES = 32;
const PART = 1_000;
const ARRAY_HEADER = 8;
const PAGES = 6_144;

/** A collector with many old objects. */
export interface OldObjects {
  readonly gc: Collector;
  readonly node: number;
  readonly root: Handle;
  readonly count: number;
}

/** `count` old objects of 32 bytes, reachable through arrays of 1,000 from one array, each with a pointer to one before it. The memory does not grow later. */
export const oldObjects = (count: number, nurseryBytes: number, pauseTargetMs: number): OldObjects => {
  const memory = new LinearMemory({ initialPages: PAGES });
  const gc = new Collector({ memory, nurseryBytes, stackBytes: MIB, pauseTargetMs });
  const node = gc.type({ name: "node", size: NODE_BYTES, pointers: [0, 4] });
  const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
  const root = gc.handle(gc.allocArray(list, count / PART));
  const next = xorshift(42);
  for (let i = 0; i * PART < count; i++) {
    const part = gc.handle(gc.allocArray(list, PART));
    gc.write(root.pointer, ARRAY_HEADER + 4 * i, part.pointer);
    for (let j = 0; j < PART; j++) {
      const object = gc.alloc(node);
      gc.write(object, 0, gc.memory.u32[(part.pointer + ARRAY_HEADER + 4 * (next() % (j + 1))) / 4]!);
      gc.write(part.pointer, ARRAY_HEADER + 4 * j, object);
    }
    part.release();
  }
  gc.collect();
  return { gc, node, root, count };
};

/** Allocates, and lets one of so many new objects replace an old one at random. */
export const churn = (
  { gc, node, root, count }: OldObjects,
  oneOf: number,
  allocations: number,
  pauses: Pauses,
): void => {
  const next = xorshift(7);
  for (let i = 0; i < allocations; i++) {
    const object = gc.alloc(node);
    pauses.look();
    if (i % oneOf !== 0) continue;
    const { u32 } = gc.memory;
    const part = u32[(root.pointer + ARRAY_HEADER + 4 * (next() % (count / PART))) / 4]!;
    gc.write(object, 0, u32[(part + ARRAY_HEADER + 4 * (next() % PART)) / 4]!);
    // Only one step: chains of replaced objects would live for ever.
    const old = u32[object / 4]!;
    if (old !== 0) gc.write(old, 0, 0);
    gc.write(part, ARRAY_HEADER + 4 * (next() % PART), object);
  }
};
