import { Heap } from "@morph/heap";
import { Particles } from "./particles.ts";

const CAPACITY = 20_000;
const COLORS = ["#e4572e", "#f3a712", "#a8c686", "#669bbc"];

const canvas = document.querySelector("canvas") as HTMLCanvasElement;
const context = canvas.getContext("2d") as CanvasRenderingContext2D;

/** Everything in one function: a bundler makes `var` of what a module declares, and `const` is quicker. */
function run(): void {
  const particles = new Particles(new Heap(), CAPACITY);
  let before = performance.now();
  const frame = (now: number): void => {
    const seconds = Math.min((now - before) / 1000, 0.05);
    before = now;
    for (let i = 0; i < 8000 * seconds; i++) {
      const angle = Math.random() * 2 * Math.PI;
      const speed = 40 + 160 * Math.random();
      const color = Math.floor(Math.random() * COLORS.length);
      particles.emit(
        canvas.width / 2,
        canvas.height / 2,
        Math.cos(angle) * speed,
        Math.sin(angle) * speed - 60,
        2,
        color,
      );
    }
    particles.step(seconds, 120);
    context.clearRect(0, 0, canvas.width, canvas.height);
    particles.each((x, y, life, color) => {
      context.fillStyle = COLORS[color] as string;
      context.fillRect(x, y, 1 + life, 1 + life);
    });
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

run();
