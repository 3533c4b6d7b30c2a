import type { PlainProgram } from "./program.js";

/* Number chess, as in milestone/chess.fox. */

const SQUARES = 64;
const ROW = 8;
const MOVES = 30;

interface Move {
  readonly square: number;
  readonly before: number;
  readonly after: number;
  readonly note: string;
}

/** Grown by concatenation, as there. */
const newBoard = (): number[] => {
  let board: number[] = [];
  for (let i = 0; i < SQUARES; i++) board = board.concat([(i * 37) % 11]);
  return board;
};

class Game {
  readonly board: number[] = newBoard();
  readonly moves: Move[] = [];

  score(): number {
    let sum = 0;
    for (let i = 0; i < SQUARES; i++) sum = (sum * 17 + this.board[i]! * ((i % ROW) + 1)) % 65521;
    return sum;
  }

  make(square: number, number: number): Move {
    const before = this.board[square]!;
    const after = before + number;
    const move = { square, before, after, note: `square ${square} from ${before}` };
    this.moves.push(move);
    this.board[square] = after;
    return move;
  }

  unmake(): void {
    const { square, before } = this.moves.pop()!;
    this.board[square] = before;
  }

  /** Tries every move of a row and makes the best. @returns what is printed of it */
  turn(number: number): string {
    const row = (number % ROW) * ROW;
    let best = row;
    let most = -1;
    for (let square = row; square < row + ROW; square++) {
      this.make(square, number);
      const reached = this.score();
      if (reached > most) {
        most = reached;
        best = square;
      }
      this.unmake();
    }
    return `${number}: ${this.make(best, number).note}, score ${most}`;
  }
}

export const run: PlainProgram = (print) => {
  const game = new Game();
  const start = game.score();
  for (let number = 1; number <= MOVES; number++) print(game.turn(number));
  while (game.moves.length > 0) game.unmake();
  if (game.score() === start) print("all undone");
};
