/**
 * Where the parser is: a window of three tokens, how deeply it is nested, and what it has reported.
 *
 * Every parse function starts with `cur` at the first token of its construct and ends with `cur` at the last one, so
 * that white space between statements never matters. One that meets an error reports it and returns null; the innermost
 * list of statements then goes on at the next line or statement, so that one mistake does not hide the others.
 */
import { tokenize } from "../lexer.ts";
import type { Token, TokenType } from "../token.ts";

/** A message of the parser: place and text. */
export interface ParseError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The deepest nesting of expressions, types and blocks. */
export const MAX_NESTING = 1000;

/** What is said, at 0:0, when {@link MAX_NESTING} is exceeded. */
export const NESTING_MESSAGE = "maximum expression nesting depth (1000) exceeded - possible stack overflow";

/** What ends a block. */
export const BLOCK_ENDS: ReadonlySet<TokenType> = new Set(["AKHIR", "LAINNYA", "ATAU_JIKA", "KASUS", "EOF"]);

/** The words that start a statement, wherever they stand. */
export const STATEMENT_STARTS: ReadonlySet<TokenType> = new Set([
  "VAR",
  "TETAPAN",
  "KEMBALIKAN",
  "AMBIL",
  "DARI",
  "STRUKTUR",
  "INTERFACE",
  "FUNGSI",
  "JIKA",
  "SELAMA",
  "PILIH",
  "BERHENTI",
  "LANJUT",
]);

/** The parser's place in one source. */
export class Cursor {
  readonly errors: ParseError[] = [];
  /** The index of {@link cur}. */
  at = 0;
  readonly #tokens: Token[];
  readonly #eof: Token;
  #depth = 0;
  #gaveUp = false;
  /** The line of the last error that left a construct unfinished. */
  #brokenLine = 0;
  /** Whether the end of the file is the fault of a string that does not end. */
  readonly #unterminated: boolean;

  constructor(source: Uint8Array) {
    const { tokens, error } = tokenize(source);
    this.#tokens = tokens;
    this.#eof = tokens.at(-1)!;
    this.#unterminated = error !== null;
    if (error !== null) this.errors.push(error);
  }

  get cur(): Token {
    return this.#tokens[this.at] ?? this.#eof;
  }

  get peek(): Token {
    return this.#tokens[this.at + 1] ?? this.#eof;
  }

  get peek2(): Token {
    return this.#tokens[this.at + 2] ?? this.#eof;
  }

  next(): void {
    if (this.at < this.#tokens.length - 1) this.at++;
  }

  peekIs(type: TokenType): boolean {
    return this.peek.type === type;
  }

  /** Steps to the next token when it is of that type. */
  accept(type: TokenType): boolean {
    if (!this.peekIs(type)) return false;
    this.next();
    return true;
  }

  /** Steps to the next token, which must be of that type. */
  expect(type: TokenType): boolean {
    if (this.accept(type)) return true;
    this.fail(this.peek, `expected next token to be ${type}, got ${this.peek.type} instead`);
    return false;
  }

  /** The present token must be of that type: it ends a block. */
  expectEnd(): boolean {
    if (this.cur.type === "AKHIR") return true;
    this.fail(this.cur, `expected token to be AKHIR, got ${this.cur.type} instead`);
    return false;
  }

  /** Reports what does not break the construct: the parser reads on. */
  report({ line, column, type }: Token, message: string): void {
    if (this.#gaveUp || (this.#unterminated && type === "EOF")) return;
    const last = this.errors.at(-1);
    if (last?.line === line && last.column === column) return;
    this.errors.push({ line, column, message });
  }

  /** Reports what leaves the construct unfinished; the rest of that line is skipped and says nothing. */
  fail(token: Token, message: string): null {
    if (token.line !== this.#brokenLine) this.report(token, message);
    this.#brokenLine = token.line;
    return null;
  }

  /** Enters a level of nesting. Beyond the limit it reports that once and goes to the end of the file. */
  enter(): boolean {
    if (this.#depth < MAX_NESTING) {
      this.#depth++;
      return true;
    }
    if (!this.#gaveUp) {
      this.errors.push({ line: 0, column: 0, message: NESTING_MESSAGE });
      this.#gaveUp = true;
      this.at = this.#tokens.length - 1;
    }
    return false;
  }

  /** Leaves a level that {@link enter} entered. */
  leave(): void {
    this.#depth--;
  }

  /** After an error: goes to where a statement may start. Says whether it passed the word `native`. */
  recover(start: number): boolean {
    let native = false;
    if (this.at === start) this.next();
    const broken = this.#brokenLine;
    while (this.cur.type !== "EOF" && this.cur.line <= broken) {
      if (BLOCK_ENDS.has(this.cur.type) || STATEMENT_STARTS.has(this.cur.type)) break;
      if (this.cur.type === "NATIVE") native = true;
      this.next();
    }
    return native;
  }

  /** Gives a construct up behind its `akhir`, which would else end the block around it. */
  giveUpAfterEnd(): null {
    if (this.cur.type === "AKHIR") {
      this.#brokenLine = this.cur.line;
      this.next();
    }
    return null;
  }
}
