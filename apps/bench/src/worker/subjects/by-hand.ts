import type { Scenario } from "../../catalogue/scenario.js";
import { numbersIn, numbersTask } from "../numbers.js";
import { particlesIn } from "../particle-memory.js";
import { Particle, particleTask, STEP } from "../particles.js";
import type { Task } from "../subject.js";

const { offsets, size } = Particle;
const WORDS = size / 4;
const X = offsets.position / 4;
const Y = X + 1;
const Z = X + 2;
const VX = offsets.velocity / 4;
const VY = VX + 1;
const VZ = VX + 2;
const LIFE = offsets.life / 4;

/** The same bytes through typed arrays that are read once, with indexes written by hand. */
export const prepare = (scenario: Scenario): Task =>
  scenario.kind === "numbers" ? numbers(scenario) : structs(scenario);

const numbers = (scenario: Scenario): Task => {
  const { memory, pointer } = numbersIn(scenario);
  const { f64 } = memory;
  const start = pointer / 8;
  return numbersTask(scenario, (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += f64[start + i]!;
    return sum;
  });
};

const structs = (scenario: Scenario): Task => {
  const { memory, pointer } = particlesIn(scenario);
  const { f32, i32 } = memory;
  const start = pointer / 4;
  return particleTask(scenario, {
    sum: (count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += i32[start + i * WORDS + LIFE]!;
      return sum;
    },
    step: (count) => {
      for (let i = 0; i < count; i++) {
        const at = start + i * WORDS;
        f32[at + X] = f32[at + X]! + f32[at + VX]! * STEP;
        f32[at + Y] = f32[at + Y]! + f32[at + VY]! * STEP;
        f32[at + Z] = f32[at + Z]! + f32[at + VZ]! * STEP;
        i32[at + LIFE] = i32[at + LIFE]! - 1;
      }
    },
  });
};
