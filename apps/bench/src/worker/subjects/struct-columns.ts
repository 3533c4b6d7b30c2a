import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import type { Scenario } from "../../catalogue/scenario.js";
import { takePages } from "../memory.js";
import { lifeOf, loopsOver, Particle, particleTask, velocityOf } from "../particles.js";
import type { Task } from "../subject.js";

/** Structs in columns. */
export const prepare = (scenario: Scenario): Task => {
  const { batch } = scenario;
  const bytes = Particle.columnsSize(batch);
  const memory = new LinearMemory({ initialPages: Math.ceil(bytes / PAGE_BYTES) + 256 });
  const particles = Particle.columns(memory, takePages(memory, bytes), batch);
  for (let i = 0; i < batch; i++) {
    const velocity = velocityOf(i);
    Particle.from({ velocity: [velocity, velocity, velocity], mass: 1, life: lifeOf(i) }, particles.at(i));
  }
  return particleTask(scenario, loopsOver(particles));
};
