/**
 * Where the parser is: a window of three tokens, how deeply it is nested, and what it has reported.
 *
 * Every parse function starts with `cur` at the first token of its construct and ends with `cur` at the last one, so
 * that white space between statements never matters. One that meets an error reports it and returns null; the innermost
 * list of statements then goes on at the next line or statement, so that one mistake does not hide the others.
 */
import { tokenize } from "../lexer.ts";
import { keywordMeant } from "../suggest.ts";
import { KEYWORDS, type Token, type TokenType } from "../token.ts";

/** A message of the parser: place and text. */
export interface ParseError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** What to do about it, where that can be said. */
  readonly hint?: string;
}

/** A block that was opened, where that shows what is wrong when the ends do not fit. */
interface Opened {
  readonly token: Token;
  /** The column of the first token in its line. */
  readonly indent: number;
  /** The `jika` of a `lainnya jika`, which needs an end of its own. */
  readonly nested: Token | null;
}

/** The deepest nesting of expressions, types and blocks. */
export const MAX_NESTING = 1000;

/** What is said when {@link MAX_NESTING} is exceeded. */
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

/** The keywords that stand at the start of a statement or of a part of one. */
const STATEMENT_WORDS: readonly string[] = [...KEYWORDS.entries()]
  .filter(([, type]) => STATEMENT_STARTS.has(type) || (BLOCK_ENDS.has(type) && type !== "EOF"))
  .map(([word]) => word);

/** The parser's place in one source. */
export class Cursor {
  readonly errors: ParseError[] = [];
  /** The index of {@link cur}. */
  at = 0;
  readonly #tokens: Token[];
  readonly #eof: Token;
  /** By line: the column of its first token. */
  readonly #indents: number[] = [];
  #depth = 0;
  #gaveUp = false;
  /** The line of the last error that left a construct unfinished. */
  #brokenLine = 0;
  /** The first block whose end is missing, as far as indentation tells. */
  #unclosed: Opened | null = null;
  /** The first name that may be a misspelt keyword, and which. */
  #word: { readonly word: Token; readonly meant: string } | null = null;
  /** Whether the end of the file is the fault of a string that does not end. */
  readonly #unterminated: boolean;

  constructor(source: Uint8Array) {
    const { tokens, error } = tokenize(source);
    this.#tokens = tokens;
    this.#eof = tokens.at(-1)!;
    for (const { line, column } of tokens) this.#indents[line] ??= column;
    this.#unterminated = error !== null;
    if (error !== null) this.errors.push(error);
  }

  get cur(): Token {
    return this.#tokens[this.at] ?? this.#eof;
  }

  /** The token before {@link cur}. */
  get last(): Token | undefined {
    return this.#tokens[this.at - 1];
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

  /**
   * The present token must be the end of a block.
   * @param opener the token the block starts with, at the index `start`
   * @param nested of a `jika`: the one right behind its `lainnya`, if there is one
   */
  expectEnd(start: number, nested: Token | null = null): boolean {
    const token = this.#tokens[start]!;
    const opened = { token, indent: this.#indents[token.line]!, nested };
    const { cur } = this;
    if (cur.type === "AKHIR") {
      // An end further to the left than its block belongs to a block around it: this one was not closed.
      const first = this.#tokens[this.at - 1]?.line !== cur.line;
      if (first && cur.column < opened.indent) this.#unclosed ??= opened;
      return true;
    }
    const hint = cur.type === "EOF" ? unclosedHint(this.#unclosed ?? opened) : undefined;
    this.fail(cur, `expected token to be AKHIR, got ${cur.type} instead`, hint);
    return false;
  }

  /** At `lainnya`: the `jika` right behind it in its line, if there is one. */
  nestedIf(): Token | null {
    const { cur, peek } = this;
    return cur.type === "LAINNYA" && peek.type === "JIKA" && peek.line === cur.line ? peek : null;
  }

  /** The present name was read as a statement, and more stands in its line: it may be a keyword that is misspelt. */
  noteWord(): void {
    const { cur: word, peek } = this;
    if (this.#word !== null || word.type !== "IDENT" || peek.line !== word.line || peek.type === "EOF") return;
    const meant = keywordMeant(word.text, STATEMENT_WORDS);
    if (meant !== undefined) this.#word = { word, meant };
  }

  /** For an end where no block is open. */
  strayHint(): string | undefined {
    if (this.#word === null) return undefined;
    const { word, meant } = this.#word;
    return `'${word.text}' in line ${word.line} starts no statement; did you mean '${meant}'?`;
  }

  /** Reports what does not break the construct: the parser reads on. */
  report({ line, column, type }: Token, message: string, hint?: string): void {
    if (this.#gaveUp || (this.#unterminated && type === "EOF")) return;
    const last = this.errors.at(-1);
    if (last?.line === line && last.column === column) return;
    this.errors.push(hint === undefined ? { line, column, message } : { line, column, message, hint });
  }

  /** Reports what leaves the construct unfinished; the rest of that line is skipped and says nothing. */
  fail(token: Token, message: string, hint?: string): null {
    if (token.line !== this.#brokenLine) this.report(token, message, hint);
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
      const { line, column } = this.cur;
      this.errors.push({ line, column, message: NESTING_MESSAGE });
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

/** What to say of a block that is open at the end of the file. */
function unclosedHint({ token, nested }: Opened): string {
  const opened = `the '${token.text}' in line ${token.line} is not closed by an 'akhir'`;
  if (nested === null) return opened;
  return `${opened}: the 'jika' behind 'lainnya' in line ${nested.line} has one of its own; write 'atau_jika'`;
}
