/* Binary trees: one that lives long, and many that are built, counted and dropped. Nodes have two pointers and two numbers, 16 bytes. */
import { LAYOUT } from "@morph/gc";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { collectorFor, type Program, type Run } from "./program.js";

const NODE_BYTES = 16;
const PAGES = 1_024;

const nodesOf = (depth: number): number => 2 ** (depth + 1) - 1;

interface Node {
  readonly left: Node | undefined;
  readonly right: Node | undefined;
  readonly depth: number;
  readonly spare: number;
}

/** How deep the tree is that lives long, and how deep and how many those are that do not. */
export interface TreeSizes {
  readonly longDepth: number;
  readonly depth: number;
  readonly trees: number;
}

/** The program with such trees. */
export const treesProgram = (sizes: TreeSizes): Program => {
  const peakLive = (nodesOf(sizes.longDepth) + nodesOf(sizes.depth)) * NODE_BYTES;

  const onCollector = (maxBytes?: number): { run: Run; peakFootprint(): number } => {
    const memory = new LinearMemory({ initialPages: PAGES });
    const gc = collectorFor(memory, peakLive, maxBytes);
    const { u32 } = memory;
    const node = gc.type({ name: "node", size: NODE_BYTES, pointers: [0, 4] });
    const top = gc.control / 4 + LAYOUT.STACK_TOP;
    const build = (depth: number): number => {
      if (depth === 0) return gc.alloc(node);
      // A frame of two words, taken with one store.
      const frame = u32[top]!;
      u32[top] = frame + 8;
      u32[frame >>> 2] = build(depth - 1);
      u32[(frame >>> 2) + 1] = build(depth - 1);
      const it = gc.alloc(node);
      const at = it >>> 2;
      u32[at] = u32[frame >>> 2]!;
      u32[at + 1] = u32[(frame >>> 2) + 1]!;
      u32[at + 2] = depth;
      u32[top] = frame;
      return it;
    };
    const count = (it: number): number => {
      const left = u32[it >>> 2]!;
      return left === 0 ? 1 : 1 + count(left) + count(u32[(it >>> 2) + 1]!);
    };
    const long = gc.handle(build(sizes.longDepth));
    return {
      run: () => {
        let sum = 0;
        for (let i = 0; i < sizes.trees; i++) sum += count(build(sizes.depth));
        return sum + count(long.pointer);
      },
      peakFootprint: () => gc.stats().peakFootprint,
    };
  };

  const onHeap = (): Run => {
    const memory = new LinearMemory({ initialPages: PAGES });
    const heap = new Heap({ memory });
    const { u32 } = memory;
    const build = (depth: number): number => {
      const left = depth === 0 ? 0 : build(depth - 1);
      const right = depth === 0 ? 0 : build(depth - 1);
      const it = heap.malloc(NODE_BYTES);
      const at = it >>> 2;
      u32[at] = left;
      u32[at + 1] = right;
      u32[at + 2] = depth;
      return it;
    };
    const count = (it: number): number => {
      const left = u32[it >>> 2]!;
      return left === 0 ? 1 : 1 + count(left) + count(u32[(it >>> 2) + 1]!);
    };
    const countAndFree = (it: number): number => {
      const left = u32[it >>> 2]!;
      const right = u32[(it >>> 2) + 1]!;
      heap.free(it);
      return left === 0 ? 1 : 1 + countAndFree(left) + countAndFree(right);
    };
    const long = build(sizes.longDepth);
    return () => {
      let sum = 0;
      for (let i = 0; i < sizes.trees; i++) sum += countAndFree(build(sizes.depth));
      return sum + count(long);
    };
  };

  const onObjects = (): Run => {
    const build = (depth: number): Node =>
      depth === 0
        ? { left: undefined, right: undefined, depth, spare: 0 }
        : { left: build(depth - 1), right: build(depth - 1), depth, spare: 0 };
    const count = ({ left, right }: Node): number => (left === undefined ? 1 : 1 + count(left) + count(right!));
    const long = build(sizes.longDepth);
    return () => {
      let sum = 0;
      for (let i = 0; i < sizes.trees; i++) sum += count(build(sizes.depth));
      return sum + count(long);
    };
  };

  return { peakLive, onCollector, onHeap, onObjects };
};
