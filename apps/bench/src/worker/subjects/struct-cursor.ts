import type { Scenario } from "../../catalogue/scenario.js";
import { particlesIn } from "../particle-memory.js";
import { Particle, particleTask, STEP } from "../particles.js";
import type { Task } from "../subject.js";

/** A cursor that is moved from struct to struct. */
export const prepare = (scenario: Scenario): Task => {
  const { memory, pointer } = particlesIn(scenario);
  const particle = Particle.cursor(memory);
  const { size } = Particle;
  return particleTask(scenario, {
    sum: (count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += particle.at(pointer + i * size).life;
      return sum;
    },
    step: (count) => {
      for (let i = 0; i < count; i++) {
        const { position, velocity } = particle.at(pointer + i * size);
        position.x += velocity.x * STEP;
        position.y += velocity.y * STEP;
        position.z += velocity.z * STEP;
        particle.life -= 1;
      }
    },
  });
};
