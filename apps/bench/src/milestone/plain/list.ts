import type { PlainProgram } from "./program.js";

/* 500,000 live list nodes, as in milestone/list.fox. */

const CELLS = 500_000;

interface Cell {
  readonly value: number;
  readonly next: Cell | null;
}

export const run: PlainProgram = (print) => {
  let list: Cell | null = null;
  for (let value = 0; value < CELLS; value++) list = { value, next: list };
  let sum = 0;
  for (let cell = list; cell !== null; cell = cell.next) sum += cell.value;
  print(String(sum));
};
