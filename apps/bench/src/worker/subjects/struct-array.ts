import type { Scenario } from "../../catalogue/scenario.js";
import { particlesIn } from "../particle-memory.js";
import { loopsOver, Particle, particleTask } from "../particles.js";
import type { Task } from "../subject.js";

/** An array of structs. */
export const prepare = (scenario: Scenario): Task => {
  const { memory, pointer } = particlesIn(scenario);
  const particles = Particle.array(memory, pointer, scenario.batch);
  return particleTask(scenario, loopsOver(particles));
};
