/**
 * Cuts a source into tokens, byte by byte. A string with interpolations is several tokens:
 *
 *   "a #{x} b"   STRING(a ) #{ IDENT(x) } STRING( b)
 *
 * so the lexer is either in code or in a string. `depths` holds, for each string that is open around the present code,
 * how many braces are open in that code: a `}` when none is open goes back to the string.
 */
import { KEYWORDS, type Token, type TokenType } from "./token.ts";

/** A message of the lexer: place and text. */
export interface LexicalError {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** All tokens of a source, the last one EOF, and the string that never ends, if there is one. O(length). */
export function tokenize(source: Uint8Array): { tokens: Token[]; error: LexicalError | null } {
  return new Lexer(source).run();
}

/** Where a source starts: behind the byte order mark that some editors put in front of UTF-8. */
export function textStart(source: Uint8Array): number {
  return source[0] === 0xef && source[1] === 0xbb && source[2] === 0xbf ? 3 : 0;
}

const NO_BYTES = new Uint8Array(0);

const QUOTE = 0x22;
const HASH = 0x23;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const NEWLINE = 10;

const SINGLE = "=+-!*/%<>&|^~,;:.(){}[]";
const DOUBLE: ReadonlySet<string> = new Set(["==", "!=", "<=", ">=", "<<", ">>"]);

class Lexer {
  readonly #source: Uint8Array;
  /** One character for each byte, for cutting out names and numbers. */
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;
  /** Open braces of the code in each open interpolation, the outermost code first. */
  readonly #depths: number[] = [0];
  /** The opening quotes of the strings around the present place. */
  readonly #quotes: { line: number; column: number }[] = [];

  constructor(source: Uint8Array) {
    this.#source = source;
    this.#text = new TextDecoder("latin1").decode(source);
    this.#at = textStart(source);
    this.#lineStart = this.#at;
  }

  run(): { tokens: Token[]; error: LexicalError | null } {
    let inString = false;
    while (true) {
      if (inString) {
        if (!this.#stringPart()) break;
        inString = false;
        continue;
      }
      const space = this.#skipSpace();
      if (this.#at >= this.#source.length) break;
      const byte = this.#source[this.#at]!;
      if (byte === QUOTE) {
        this.#quotes.push({ line: this.#line, column: this.#column() });
        this.#at++;
        if (!this.#stringStart(space)) break;
      } else if (byte === CLOSE_BRACE && this.#depths.length > 1 && this.#depths.at(-1) === 0) {
        this.#depths.pop();
        this.#add("}", 1, space);
        inString = true;
      } else {
        this.#code(byte, space);
      }
    }
    const open = this.#quotes.at(-1);
    this.#push("EOF", "", NO_BYTES, this.#line, this.#column(), true);
    return { tokens: this.#tokens, error: open === undefined ? null : { ...open, message: "Unterminated string" } };
  }

  #column(): number {
    return this.#at - this.#lineStart + 1;
  }

  #push(type: TokenType, text: string, bytes: Uint8Array, line: number, column: number, spaceBefore: boolean): void {
    this.#tokens.push({ type, text, bytes, line, column, spaceBefore });
  }

  /** Adds a token of that many bytes and steps over it. */
  #add(type: TokenType, length: number, space: boolean): void {
    const text = this.#text.slice(this.#at, this.#at + length);
    this.#push(type, text, NO_BYTES, this.#line, this.#column(), space);
    this.#at += length;
  }

  #newline(): void {
    this.#line++;
    this.#lineStart = this.#at;
  }

  /** Steps over white space and comments; says whether there were any. */
  #skipSpace(): boolean {
    const source = this.#source;
    const start = this.#at;
    while (this.#at < source.length) {
      const byte = source[this.#at]!;
      if (byte === NEWLINE) {
        this.#at++;
        this.#newline();
      } else if (byte === 32 || byte === 9 || byte === 13) {
        this.#at++;
      } else if (byte === HASH) {
        const end = source.indexOf(NEWLINE, this.#at);
        this.#at = end < 0 ? source.length : end;
      } else {
        break;
      }
    }
    return this.#at > start;
  }

  #code(byte: number, space: boolean): void {
    if (isLetter(byte)) {
      const length = this.#countWhile(isLetterOrDigit);
      const text = this.#text.slice(this.#at, this.#at + length);
      // No keyword is longer than this; a very long name need not be lowered.
      const keyword = length <= 10 ? KEYWORDS.get(text.toLowerCase()) : undefined;
      this.#add(keyword ?? "IDENT", length, space);
    } else if (isDigit(byte)) {
      this.#number(space);
    } else if (byte === APOSTROPHE) {
      const length = this.#source[this.#at + 1] === BACKSLASH ? 4 : 3;
      const closed = this.#source[this.#at + length - 1] === APOSTROPHE;
      this.#add(closed ? "CHAR" : "ILLEGAL", closed ? length : 1, space);
    } else {
      this.#operator(byte, space);
    }
  }

  #number(space: boolean): void {
    const whole = this.#countWhile(isDigit);
    const dot = this.#at + whole;
    if (this.#source[dot] === 0x2e && isDigit(this.#source[dot + 1] ?? 0)) {
      const fraction = this.#countWhile(isDigit, dot + 1);
      this.#add("FLOAT", whole + 1 + fraction, space);
    } else {
      this.#add("INT", whole, space);
    }
  }

  #operator(byte: number, space: boolean): void {
    const pair = this.#text.slice(this.#at, this.#at + 2);
    if (DOUBLE.has(pair)) {
      this.#add(pair as TokenType, 2, space);
      return;
    }
    const single = String.fromCharCode(byte);
    if (!SINGLE.includes(single)) {
      // The bytes of one character outside ASCII are one token, so that they are reported once.
      this.#add("ILLEGAL", byte < 0x80 ? 1 : this.#countWhile((next) => next >= 0x80), space);
      return;
    }
    const innermost = this.#depths.length - 1;
    if (byte === OPEN_BRACE) this.#depths[innermost]!++;
    if (byte === CLOSE_BRACE && this.#depths[innermost]! > 0) this.#depths[innermost]!--;
    this.#add(single as TokenType, 1, space);
  }

  #countWhile(test: (byte: number) => boolean, from: number = this.#at): number {
    let end = from;
    while (end < this.#source.length && test(this.#source[end]!)) end++;
    return end - from;
  }

  /** The first part of a string; an empty part is a token only when it is the whole string. */
  #stringStart(space: boolean): boolean {
    const { line, column } = this.#quotes.at(-1)!;
    const bytes = this.#stringBytes();
    const ended = this.#source[this.#at] !== HASH;
    if (bytes.length > 0 || ended) this.#push("STRING", "", bytes, line, column, space);
    // An interpolation at the very start stands for the string, but counts as having no space before it.
    return this.#stringEnd(bytes.length > 0 ? undefined : { line, column });
  }

  /** The part after an interpolation. */
  #stringPart(): boolean {
    const line = this.#line;
    const column = this.#column();
    const bytes = this.#stringBytes();
    if (bytes.length > 0) this.#push("STRING", "", bytes, line, column, false);
    return this.#stringEnd(undefined);
  }

  /** Steps over what ends a part: the quote or `#{`; false at the end of the source. */
  #stringEnd(start: { line: number; column: number } | undefined): boolean {
    if (this.#at >= this.#source.length) return false;
    if (this.#source[this.#at] === QUOTE) {
      this.#quotes.pop();
      this.#at++;
      return true;
    }
    this.#push("#{", "#{", NO_BYTES, start?.line ?? this.#line, start?.column ?? this.#column(), false);
    this.#depths.push(0);
    this.#at += 2;
    return true;
  }

  /** The value up to the quote, `#{` or the end of the source. */
  #stringBytes(): Uint8Array {
    const source = this.#source;
    const start = this.#at;
    let escapes = 0;
    while (this.#at < source.length) {
      const byte = source[this.#at]!;
      if (byte === QUOTE || (byte === HASH && source[this.#at + 1] === OPEN_BRACE)) break;
      if (byte === BACKSLASH && this.#at + 1 < source.length) {
        escapes++;
        this.#at++;
      }
      this.#at++;
      if (source[this.#at - 1] === NEWLINE) this.#newline();
    }
    if (escapes === 0) return source.slice(start, this.#at);
    const bytes = new Uint8Array(this.#at - start - escapes);
    let length = 0;
    for (let i = start; i < this.#at; i++) {
      let byte = source[i]!;
      if (byte === BACKSLASH && i + 1 < source.length) byte = unescaped(source[++i]!);
      bytes[length++] = byte;
    }
    return bytes;
  }
}

/** What a backslash makes of the byte after it: `\n`, `\t`, `\r`, and any other byte itself. */
function unescaped(byte: number): number {
  if (byte === 0x6e) return 10;
  if (byte === 0x74) return 9;
  return byte === 0x72 ? 13 : byte;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isLetter(byte: number): boolean {
  return (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f;
}

function isLetterOrDigit(byte: number): boolean {
  return isLetter(byte) || isDigit(byte);
}
