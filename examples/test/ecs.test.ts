import { Worker } from "node:worker_threads";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { addComponent, addEntity, createWorld, query } from "bitecs";
import { expect, it } from "vitest";
import { bundle } from "../../scripts/test-kit/bundled.ts";
import { createColumns, findColumns } from "../ecs/columns.ts";

const CAPACITY = 10_000;
const types = { x: Float32Array, y: Float32Array, lives: Uint8Array };

it("bitECS keeps its components in one shared memory, where a worker moves them", async () => {
  const memory = new LinearMemory({ shared: true, maxPages: 4096 });
  const heap = new Heap({ memory });
  const Position = createColumns(heap, "Position", types, CAPACITY);
  const Velocity = createColumns(heap, "Velocity", { x: Float32Array, y: Float32Array }, CAPACITY);
  const world = createWorld({ components: { Position, Velocity } });
  for (let i = 0; i < 1000; i++) {
    const entity = addEntity(world);
    addComponent(world, entity, Position);
    addComponent(world, entity, Velocity);
    Position.x[entity] = i;
    Velocity.x[entity] = 2;
    Velocity.y[entity] = -1;
  }
  const file = await bundle(new URL("../../packages/memory/", import.meta.url), "esm");
  const worker = new Worker(
    `const { workerData: { file, wasm, capacity } } = require("node:worker_threads");
     import(file).then(({ LinearMemory }) => {
       const memory = new LinearMemory({ wasm, firstPage: 0, attach: true });
       const column = (name) => new Float32Array(memory.u8.buffer, memory.roots.get(name), capacity);
       const [x, y, vx, vy] = ["Position.x", "Position.y", "Velocity.x", "Velocity.y"].map(column);
       for (let i = 0; i < capacity; i++) { x[i] += vx[i] * 10; y[i] += vy[i] * 10; }
     });`,
    { eval: true, workerData: { file, wasm: memory.wasm, capacity: CAPACITY } },
  );
  await new Promise((done, fail) => worker.once("exit", done).once("error", fail));
  const entities = [...query(world, [Position, Velocity])];
  expect(entities.length).toBe(1000);
  entities.forEach((entity, i) => {
    expect([Position.x[entity], Position.y[entity], Position.lives[entity]]).toEqual([i + 20, -10, 0]);
  });
});

it("columns are found again after a growth that detached them", () => {
  const heap = new Heap({ memory: new LinearMemory({ initialPages: 8 }) });
  const before = createColumns(heap, "Position", types, CAPACITY);
  before.x[7] = 1.5;
  heap.malloc(5_000_000);
  expect(before.x.length).toBe(0);
  expect(findColumns(heap.memory, "Position", types, CAPACITY).x[7]).toBe(1.5);
  expect(() => findColumns(heap.memory, "Velocity", types, CAPACITY)).toThrow("nobody has made Velocity.x");
});
