import * as kinds from "./kinds.js";

/* The tokenizer of milestone/lexer.fox: tokens in an array, keywords in a map. */

export interface Token {
  readonly kind: number;
  readonly text: string;
  readonly line: number;
  readonly column: number;
  readonly offset: number;
  /** Whether a blank is before it. */
  readonly spaced: boolean;
}

const KEYWORDS: ReadonlyMap<string, number> = new Map([
  ["var", kinds.T_VAR],
  ["tetapan", kinds.T_CONST],
  ["const", kinds.T_CONST],
  ["fungsi", kinds.T_FUNCTION],
  ["native", kinds.T_NATIVE],
  ["struktur", kinds.T_STRUCT],
  ["antarmuka", kinds.T_INTERFACE],
  ["jika", kinds.T_IF],
  ["atau_jika", kinds.T_ELSE_IF],
  ["lainnya", kinds.T_ELSE],
  ["selama", kinds.T_WHILE],
  ["pilih", kinds.T_SWITCH],
  ["kasus", kinds.T_CASE],
  ["berhenti", kinds.T_BREAK],
  ["lanjut", kinds.T_CONTINUE],
  ["kembalikan", kinds.T_RETURN],
  ["kembali", kinds.T_RETURN],
  ["akhir", kinds.T_BLOCK_END],
  ["benar", kinds.T_TRUE],
  ["salah", kinds.T_FALSE],
  ["kosong", kinds.T_NULL],
  ["dan", kinds.T_AND],
  ["atau", kinds.T_OR],
  ["ambil", kinds.T_IMPORT],
  ["dari", kinds.T_FROM],
  ["map", kinds.T_MAP],
]);

const SINGLE = "()[]{}+-*/%&|^~!=<>,.:;";

const NEWLINE = 10;
const SPACE = 32;
const BANG = 33;
const QUOTE = 34;
const HASH = 35;
const DOT = 46;
const LESS = 60;
const EQUALS = 61;
const MORE = 62;
const BACKSLASH = 92;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

const isLetter = (code: number): boolean => (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Kind of an operator of two bytes, 0 when these two are none. */
const double = (a: number, b: number): number => {
  if (b === EQUALS && (a === EQUALS || a === BANG || a === LESS || a === MORE)) return a + 128;
  if (a === LESS && b === LESS) return kinds.T_SHL;
  return a === MORE && b === MORE ? kinds.T_SHR : 0;
};

export class Lexer {
  readonly tokens: Token[] = [];
  line = 1;
  errors = 0;
  private readonly source: string;
  private at = 0;
  private lineStart = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** All tokens, `T_END` last. */
  tokenize(): Token[] {
    for (this.skip(); this.at < this.source.length; this.skip()) {
      const code = this.peek(0);
      if (isLetter(code)) this.word();
      else if (isDigit(code)) this.number();
      else if (code === QUOTE) this.text();
      else this.operator();
    }
    this.add(kinds.T_END, "", this.at);
    return this.tokens;
  }

  /** The code so far ahead, 0 behind the end. */
  private peek(ahead: number): number {
    const at = this.at + ahead;
    return at < this.source.length ? this.source.charCodeAt(at) : 0;
  }

  private add(kind: number, text: string, start: number): void {
    const spaced = start === 0 || this.source.charCodeAt(start - 1) <= SPACE;
    this.tokens.push({ kind, text, line: this.line, column: start - this.lineStart + 1, offset: start, spaced });
  }

  /** Passes blanks, newlines and comments. */
  private skip(): void {
    const { source } = this;
    while (this.at < source.length) {
      const code = source.charCodeAt(this.at);
      if (code === NEWLINE) {
        this.line++;
        this.at++;
        this.lineStart = this.at;
      } else if (code === SPACE || code === 9 || code === 13) this.at++;
      else if (code === HASH) {
        const end = source.indexOf("\n", this.at);
        this.at = end < 0 ? source.length : end;
      } else return;
    }
  }

  private word(): void {
    const start = this.at;
    for (let code = this.peek(0); isLetter(code) || isDigit(code); code = this.peek(0)) this.at++;
    const text = this.source.slice(start, this.at);
    this.add(KEYWORDS.get(text) ?? kinds.T_NAME, text, start);
  }

  private number(): void {
    const start = this.at;
    let kind = kinds.T_INT;
    while (isDigit(this.peek(0))) this.at++;
    if (this.peek(0) === DOT && isDigit(this.peek(1))) {
      kind = kinds.T_FLOAT;
      this.at++;
      while (isDigit(this.peek(0))) this.at++;
    }
    this.add(kind, this.source.slice(start, this.at), start);
  }

  /** A whole literal, interpolations included: braces are counted, strings inside of them nest. */
  private text(): void {
    const start = this.at;
    this.literal();
    this.add(kinds.T_STRING, this.source.slice(start + 1, this.at - 1), start);
  }

  private literal(): void {
    this.at++;
    while (this.at < this.source.length) {
      const code = this.peek(0);
      if (code === QUOTE) break;
      if (code === BACKSLASH) this.at += 2;
      else if (code === HASH && this.peek(1) === OPEN_BRACE) {
        this.at += 2;
        this.interpolation();
      } else this.at++;
    }
    if (this.at >= this.source.length) this.errors++;
    this.at++;
  }

  private interpolation(): void {
    let depth = 1;
    while (depth > 0 && this.at < this.source.length) {
      const code = this.peek(0);
      if (code === QUOTE) this.literal();
      else {
        if (code === OPEN_BRACE) depth++;
        else if (code === CLOSE_BRACE) depth--;
        this.at++;
      }
    }
  }

  private operator(): void {
    const start = this.at;
    const two = double(this.peek(0), this.peek(1));
    this.at += two === 0 ? 1 : 2;
    const text = this.source.slice(start, this.at);
    if (two !== 0) this.add(two, text, start);
    else if (SINGLE.includes(text)) this.add(text.charCodeAt(0), text, start);
    else this.errors++;
  }
}
