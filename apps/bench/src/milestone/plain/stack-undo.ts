import type { PlainProgram } from "./program.js";

/* A stack that is a new array after each push, as in milestone/stack_undo.fox: `concat` is the fastest way to that. */

const ROUNDS = 1_000;
const PUSHES = 750;

class Stack {
  private items: readonly number[] = [];
  top = 0;

  push(value: number): void {
    this.items = this.items.concat([value]);
    this.top++;
  }

  undo(): number {
    this.top--;
    return this.items[this.top]!;
  }
}

export const run: PlainProgram = (print) => {
  let sum = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const stack = new Stack();
    for (let i = 0; i < PUSHES; i++) stack.push(i * round);
    while (stack.top > 0) sum = (sum * 3 + stack.undo()) % 1_000_000_007;
  }
  print(String(sum));
};
