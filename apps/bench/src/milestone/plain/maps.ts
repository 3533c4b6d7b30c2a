import type { PlainProgram } from "./program.js";

/* Words counted by content, names by number, half of both deleted, as in milestone/maps.fox. */

const WORDS = 100_000;
const DISTINCT = 5_000;

export const run: PlainProgram = (print) => {
  const counts = new Map<string, number>();
  const names = new Map<number, string>();
  let seed = 12345;
  for (let i = 0; i < WORDS; i++) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fff_ffff;
    const number = (seed >>> 16) % DISTINCT;
    const word = `word${number}`;
    counts.set(word, (counts.get(word) ?? 0) + 1);
    names.set(number, word);
  }
  const distinct = counts.size;
  for (let i = 0; i < DISTINCT; i += 2) {
    counts.delete(`word${i}`);
    names.delete(i);
  }
  let sum = 0;
  for (let i = 0; i < DISTINCT; i++) sum += (counts.get(`word${i}`) ?? 0) * i;
  print(`${distinct} words, ${names.size} left, ${sum}`);
};
