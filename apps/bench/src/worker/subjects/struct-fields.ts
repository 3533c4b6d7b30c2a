import type { Scenario } from "../../catalogue/scenario.js";
import { particlesIn } from "../particle-memory.js";
import { Particle, particleTask, STEP } from "../particles.js";
import type { Task } from "../subject.js";

/** Single fields by pointer. */
export const prepare = (scenario: Scenario): Task => {
  const { memory, pointer } = particlesIn(scenario);
  const { life, position: positions, velocity: velocities } = Particle.in(memory);
  const { size } = Particle;
  return particleTask(scenario, {
    sum: (count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += life.get(pointer + i * size);
      return sum;
    },
    step: (count) => {
      for (let i = 0; i < count; i++) {
        const at = pointer + i * size;
        const position = positions.get(at);
        const velocity = velocities.get(at);
        position.x += velocity.x * STEP;
        position.y += velocity.y * STEP;
        position.z += velocity.z * STEP;
        life.set(at, life.get(at) - 1);
      }
    },
  });
};
