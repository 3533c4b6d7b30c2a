import type { Heap } from "@morph/heap";
import { f32, struct, u32, vec } from "@morph/view";

const Particle = struct({ position: vec(f32, 2), velocity: vec(f32, 2), life: f32, color: u32 });

/**
 * Particles that rise, fall and die, as structs in a row. In place of: an array of objects, which the garbage collector walks, or typed arrays with an
 * index for each field.
 */
export class Particles {
  private readonly heap: Heap;
  private readonly pointer: number;
  private readonly all: ReturnType<typeof Particle.array>;
  /** How many live; they are the first of all. */
  count = 0;

  constructor(heap: Heap, capacity: number) {
    this.heap = heap;
    this.pointer = heap.calloc(capacity, Particle.size);
    this.all = Particle.array(heap.memory, this.pointer, capacity);
  }

  get capacity(): number {
    return this.all.length;
  }

  /** Lets a particle fly, for so many seconds; when all there may be live, nothing. */
  emit(x: number, y: number, speedX: number, speedY: number, seconds: number, color: number): void {
    if (this.count === this.capacity) return;
    const particle = this.all.at(this.count++);
    particle.position.x = x;
    particle.position.y = y;
    particle.velocity.x = speedX;
    particle.velocity.y = speedY;
    particle.life = seconds;
    particle.color = color;
  }

  /** Moves all; the last one takes the place of one that dies. */
  step(seconds: number, gravity: number): void {
    const { all } = this;
    for (let i = 0; i < this.count; ) {
      const particle = all.at(i);
      particle.life -= seconds;
      if (particle.life <= 0) {
        this.moveTo(i, --this.count);
        continue;
      }
      particle.velocity.y += gravity * seconds;
      particle.position.x += particle.velocity.x * seconds;
      particle.position.y += particle.velocity.y * seconds;
      i++;
    }
  }

  /** Calls `draw` for each; it may keep none of its arguments. */
  each(draw: (x: number, y: number, life: number, color: number) => void): void {
    for (let i = 0; i < this.count; i++) {
      const { position, life, color } = this.all.at(i);
      draw(position.x, position.y, life, color);
    }
  }

  /** Gives the bytes back. */
  free(): void {
    this.count = 0;
    this.heap.free(this.pointer);
  }

  private moveTo(index: number, from: number): void {
    const start = this.pointer + from * Particle.size;
    this.heap.memory.u8.copyWithin(this.pointer + index * Particle.size, start, start + Particle.size);
  }
}
