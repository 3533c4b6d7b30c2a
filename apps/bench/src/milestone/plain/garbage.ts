import type { PlainProgram } from "./program.js";

/* Strings and lists that live for one round, as in milestone/garbage.fox. */

const ROUNDS = 500;
const CELLS = 200;

interface Cell {
  readonly text: string;
  readonly number: number;
  readonly next: Cell | null;
}

const round = (number: number): Cell | null => {
  let list: Cell | null = null;
  for (let i = 0; i < CELLS; i++) list = { text: `cell ${(number * i) % 1000}`, number: i, next: list };
  return list;
};

export const run: PlainProgram = (print) => {
  let kept: Cell | null = null;
  let sum = 0;
  for (let number = 0; number < ROUNDS; number++) {
    const list = round(number);
    for (let cell = list; cell !== null; cell = cell.next) sum += cell.text.length * cell.number;
    kept = { text: list!.text, number, next: kept };
  }
  print(String(sum));
  let last = "";
  for (let cell = kept; cell !== null; cell = cell.next) last = cell.text;
  print(last);
};
