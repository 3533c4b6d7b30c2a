import type { Scenario } from "../catalogue/scenario.js";
import { xorshift } from "../xorshift.js";

/** Length of the sequence; a power of two, run through again and again. */
export const PLAN_LENGTH: number = 1 << 20;

const SEED = 0x9e3779b9;

/** Which object is replaced when, and by how many bytes. Every contender gets the same one. */
export interface RandomPlan {
  /** Sizes of the objects that are live at the start. */
  readonly first: Uint16Array;
  readonly indices: Uint32Array;
  readonly sizes: Uint16Array;
}

/** The plan for that many live objects, of the smallest to the largest of the sizes. */
export const randomPlan = ({ live, sizes: [smallest, largest] = [] }: Pick<Scenario, "live" | "sizes">): RandomPlan => {
  if (smallest === undefined || largest === undefined) throw new Error("a random replacement needs two sizes");
  const next = xorshift(SEED);
  const size = (): number => smallest + (next() % (largest - smallest + 1));
  const first = Uint16Array.from({ length: live }, size);
  const indices = new Uint32Array(PLAN_LENGTH);
  const sizes = new Uint16Array(PLAN_LENGTH);
  for (let i = 0; i < PLAN_LENGTH; i++) {
    indices[i] = next() % live;
    sizes[i] = size();
  }
  return { first, indices, sizes };
};
