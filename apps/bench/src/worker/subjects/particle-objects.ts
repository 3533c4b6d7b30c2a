import type { Scenario } from "../../catalogue/scenario.js";
import { lifeOf, particleTask, STEP, velocityOf } from "../particles.js";
import type { Task } from "../subject.js";

interface ParticleObject {
  x: number;
  y: number;
  z: number;
  vx: number;
  vy: number;
  vz: number;
  mass: number;
  life: number;
}

/** Plain objects in an array. */
export const prepare = (scenario: Scenario): Task => {
  const particles = Array.from({ length: scenario.batch }, (_, i): ParticleObject => {
    const velocity = velocityOf(i);
    return { x: 0, y: 0, z: 0, vx: velocity, vy: velocity, vz: velocity, mass: 1, life: lifeOf(i) };
  });
  return particleTask(scenario, {
    sum: (count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += particles[i]!.life;
      return sum;
    },
    step: (count) => {
      for (let i = 0; i < count; i++) {
        const particle = particles[i]!;
        particle.x += particle.vx * STEP;
        particle.y += particle.vy * STEP;
        particle.z += particle.vz * STEP;
        particle.life -= 1;
      }
    },
  });
};
