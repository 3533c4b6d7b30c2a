/** Programs that somebody damaged: bytes changed, deleted, doubled. */
import { corpus } from "./corpus.ts";

/** A generator of numbers below a bound, the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

/** That many mutations of our own programs, each one to five changes away from a valid one. */
export function* mutations(count: number, seed: number): Generator<Uint8Array> {
  const random = randomNumbers(seed);
  const programs = corpus("programs").map(({ bytes }) => bytes);
  for (let i = 0; i < count; i++) {
    let bytes = programs[random(programs.length)]!;
    for (let changes = 1 + random(5); changes > 0; changes--) bytes = mutated(bytes, random);
    yield bytes;
  }
}

/** That many mutations of another kind: a word takes the place of another, so that more of them get past the parser. */
export function* exchanges(count: number, seed: number): Generator<Uint8Array> {
  const random = randomNumbers(seed);
  const programs = corpus("programs").map(({ bytes }) => new TextDecoder().decode(bytes).split(/(\w+)/));
  for (let i = 0; i < count; i++) {
    const words = [...programs[random(programs.length)]!];
    // Words stand at odd places, what is between them at even ones.
    const place = (): number => 2 * random((words.length - 1) / 2) + 1;
    for (let changes = 1 + random(3); changes > 0; changes--) words[place()] = words[place()]!;
    yield new TextEncoder().encode(words.join(""));
  }
}

function mutated(bytes: Uint8Array, random: (bound: number) => number): Uint8Array {
  const at = random(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random(8));
  const before = bytes.subarray(0, at);
  switch (random(3)) {
    case 0:
      return joined(before, bytes.subarray(end));
    case 1:
      return joined(before, bytes.subarray(at, end), bytes.subarray(at));
    default: {
      // Half of the changes keep to characters that mean something.
      const meaningful = new TextEncoder().encode("(){}[]\"#.,:;= \n+-*/'0a");
      const byte = random(2) === 0 ? random(256) : meaningful[random(meaningful.length)]!;
      return joined(before, new Uint8Array([byte]), bytes.subarray(at + 1));
    }
  }
}

function joined(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
