import type { Scenario } from "../../catalogue/scenario.js";
import { particlesIn } from "../particle-memory.js";
import { Particle, particleTask, STEP } from "../particles.js";
import type { Task } from "../subject.js";

/** An array of structs. */
export const prepare = (scenario: Scenario): Task => {
  const { memory, pointer } = particlesIn(scenario);
  const particles = Particle.array(memory, pointer, scenario.batch);
  return particleTask(scenario, {
    sum: (count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += particles.at(i).life;
      return sum;
    },
    step: (count) => {
      for (let i = 0; i < count; i++) {
        const particle = particles.at(i);
        const { position, velocity } = particle;
        position.x += velocity.x * STEP;
        position.y += velocity.y * STEP;
        position.z += velocity.z * STEP;
        particle.life -= 1;
      }
    },
  });
};
