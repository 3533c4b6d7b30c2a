import type { LinearMemory } from "@morph/memory";
import {
  arrayOf,
  bits,
  bool,
  f32,
  f64,
  i16,
  i32,
  i64,
  pointer,
  type Scalar,
  type Struct,
  struct,
  u8,
  u16,
  u32,
  u64,
  type VectorType,
  vec,
} from "@morph/view";
import type { Scenario } from "../catalogue/scenario.js";
import { BRIEF, type Task } from "./subject.js";

// What the scenarios of structs work on: particles of 32 bytes. Everybody has the same values and does the same with them.

type Vector = VectorType<number, Float32Array, 3>;
type Fields = { position: Vector; velocity: Vector; mass: Scalar<number>; life: Scalar<number> };

/** A particle in linear memory. */
export const Particle: Struct<Fields> = struct<Fields>({
  position: vec(f32, 3),
  velocity: vec(f32, 3),
  mass: f32,
  life: i32,
});

/** Seconds of a step. */
export const STEP: number = 1 / 64;

/** First values of a particle: such that sums of any length are exact. */
export const velocityOf = (index: number): number => (index % 16) / 4;
export const lifeOf = (index: number): number => index % 1000;

/** Loops of one way to hold particles, for the first so many of them. */
export interface Particles {
  /** The sum of their lives. */
  sum(count: number): number;
  /** Moves each by its velocity, and takes 1 from its life. */
  step(count: number): void;
}

type Element = { life: number; readonly position: Moving; readonly velocity: Moving };
type Moving = { x: number; y: number; z: number };

/** The loops over structs that are reached by their index; a process runs them over one kind only. */
export const loopsOver = (particles: { at(index: number): Element }): Particles => ({
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

/** The work of a scenario. */
export const particleTask = ({ kind, batch }: Scenario, particles: Particles): Task => {
  let expected = 0;
  for (let i = 0; i < batch; i++) expected += lifeOf(i);
  const found = particles.sum(batch);
  if (found !== expected) throw new Error(`the lives of ${batch} particles are ${expected} together, got ${found}`);
  let kept = 0;
  const work = (count: number): void => {
    if (kind === "struct-step") particles.step(count);
    else kept += particles.sum(count);
  };
  return {
    operations: batch,
    run: () => work(batch),
    brief: () => work(Math.min(batch, BRIEF)),
    get keep() {
      return kept;
    },
  };
};

/**
 * Uses structs of many kinds, as a program does that has more than one: what V8 learns of them must not make the measured one slower. The particle's
 * types and names are among them.
 */
export const useOtherStructs = (memory: LinearMemory, at: number): void => {
  const kinds = [
    struct({ life: f64, position: vec(f32, 2), mass: u8 }),
    struct({ mass: i32, next: pointer(), flag: bool, life: u16 }),
    struct({ a: i64, b: u64, c: i16, life: bits(u32, 7), list: arrayOf(i32, 3) }),
    struct({ life: i32, mass: f32 }),
    struct({ velocity: vec(f64, 3), mass: u32, life: i32, id: u8 }),
    struct({ life: u8, mass: f64 }, { layout: "packed" }),
  ];
  for (const Kind of kinds) {
    const cursor = Kind.cursor(memory, at) as unknown as Record<string, unknown>;
    const rows = Kind.array(memory, at, 8);
    for (let round = 0; round < 2000; round++) {
      for (const name of Object.keys(Kind.offsets)) {
        const value = cursor[name];
        if (typeof value === "number") cursor[name] = value + 1;
        const row = rows.at(round % 8) as unknown as Record<string, unknown>;
        if (typeof row[name] === "number") row[name] = round;
      }
    }
  }
};
