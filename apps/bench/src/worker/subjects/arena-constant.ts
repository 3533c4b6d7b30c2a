import { Arena } from "@morph/arena";
import { scenario } from "../scenario.js";
import { BRIEF, type Task } from "../subject.js";

// As in pool-constant.ts: the loop closes over the constant, so it is written out here.

const { batch, size } = scenario;
const arena: Arena = new Arena();
const store: Uint32Array = new Uint32Array(batch);

const fill = (count: number): void => {
  for (let i = 0; i < count; i++) store[i] = arena.alloc(size);
};

/** The work of a bulk allocation. */
export const prepare = (): Task => ({
  operations: batch,
  before: () => arena.reset(),
  run: () => fill(batch),
  brief: () => fill(Math.min(batch, BRIEF)),
});
