import type { LinearMemory } from "@morph/memory";
import type { Scenario } from "../catalogue/scenario.js";
import { memoryFor, takePages } from "./memory.js";
import { lifeOf, Particle, useOtherStructs, velocityOf } from "./particles.js";

/** The particles of a scenario, one after the other in a memory in which other structs were used. */
export const particlesIn = (scenario: Scenario): { memory: LinearMemory; pointer: number } => {
  const { batch } = scenario;
  const memory = memoryFor(scenario);
  const pointer = takePages(memory, batch * Particle.size);
  useOtherStructs(memory, pointer);
  memory.u8.fill(0, pointer, pointer + batch * Particle.size);
  const particles = Particle.array(memory, pointer, batch);
  for (let i = 0; i < batch; i++) {
    const velocity = velocityOf(i);
    Particle.from({ velocity: [velocity, velocity, velocity], mass: 1, life: lifeOf(i) }, particles.at(i));
  }
  return { memory, pointer };
};
