/** Functions that are called for the first time near the stack's end, which V8 cannot compile there: whatever throws a RangeError does so before anything changes. */
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { type Attempt, type Program, runLateFunctions } from "../../../scripts/test-kit/late-functions.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory");

interface Node {
  readonly id: number;
  readonly fields: (Node | undefined)[];
}

const file = await bundle(new URL("..", import.meta.url), "esm");
const ROOTS = 40;
/** Bytes of an object, where its two pointers are, and its id. */
const SHAPES = [
  { size: 24, pointers: [0, 4], idAt: 8 },
  { size: 1000, pointers: [0, 800], idAt: 16 },
  { size: 9000, pointers: [0, 8000], idAt: 16 },
];

function graphProgram(
  { Collector, LinearMemory }: Package,
  next: (below: number) => number,
  attempt: Attempt,
): Program {
  const memory = new LinearMemory({ initialPages: 1, maxPages: 2000 });
  // Collecting often, major collections empty sparse blocks, too.
  const gc = new Collector({ memory, nurseryBytes: 262_144, collectEvery: next(2) * (1 + next(20)) });
  const shape = SHAPES[next(SHAPES.length)]!;
  const type = gc.type({ name: "node", size: shape.size, pointers: shape.pointers });
  const bytes = gc.arrayType({ name: "bytes", size: 1, pointers: [] });
  const frame = gc.pushFrame(ROOTS);
  const roots = new Array<Node | undefined>(ROOTS).fill(undefined);
  const handles: { node: Node; handle: ReturnType<typeof gc.handle> }[] = [];
  let nextId = 1;
  const pointerOf = (root: number): number => memory.u32[frame / 4 + root]!;
  const step = (): void => {
    if (next(6) === 0) for (let i = 0; i < 200; i++) gc.allocArray(bytes, 100);
    if (next(6) === 0) for (let i = 0; i < 20; i++) gc.allocArray(bytes, 5000);
    const operation = next(20);
    const at = next(ROOTS);
    const from = roots[at];
    const other = next(ROOTS);
    const to = roots[other];
    const field = next(2);
    let made = 0;
    let handle: ReturnType<typeof gc.handle> | undefined;
    const done = attempt(() => {
      if (operation < 9) made = gc.alloc(type);
      else if (operation < 14 && from !== undefined && to !== undefined) {
        gc.write(pointerOf(at), shape.pointers[field]!, pointerOf(other));
      } else if (operation === 14) gc.collect((["minor", "major", "compact"] as const)[next(3)]!);
      else if (operation === 15 && from !== undefined) handle = gc.handle(pointerOf(at));
      else if (operation === 16 && handles.length > 0) handles[handles.length - 1]!.handle.release();
      else if (operation === 17) gc.step(next(3));
    });
    if (made !== 0) {
      memory.u32[(made + shape.idAt) / 4] = nextId;
      memory.u32[frame / 4 + at] = made;
      roots[at] = { id: nextId++, fields: [undefined, undefined] };
    }
    if (done && operation >= 9 && operation < 14 && from !== undefined && to !== undefined) from.fields[field] = to;
    if (handle !== undefined) handles.push({ node: from!, handle });
    if (done && operation === 16) handles.pop();
    if (operation === 18) roots[at] = undefined;
    if (operation === 18) memory.u32[frame / 4 + at] = 0;
  };
  const check = (): void => {
    gc.verify();
    const seen = new Map<Node, number>();
    const waiting: [node: Node | undefined, pointer: number][] = roots.map((node, root) => [node, pointerOf(root)]);
    for (const { node, handle } of handles) waiting.push([node, handle.pointer]);
    for (let entry = waiting.pop(); entry !== undefined; entry = waiting.pop()) {
      const [node, pointer] = entry;
      if (node === undefined) {
        expect(pointer).toBe(0);
        continue;
      }
      const known = seen.get(node);
      if (known !== undefined) {
        expect(pointer).toBe(known);
        continue;
      }
      seen.set(node, pointer);
      expect(memory.u32[(pointer + shape.idAt) / 4]).toBe(node.id);
      node.fields.forEach((to, field) => {
        waiting.push([to, memory.u32[(pointer + shape.pointers[field]!) / 4]!]);
      });
    }
  };
  return { step, check };
}

it.each(Array.from({ length: 4 }, (_, seed) => seed))("leave nothing half done, seed %i", async (seed) => {
  expect(await runLateFunctions(file, seed, 300, graphProgram)).toBeGreaterThan(10);
});
