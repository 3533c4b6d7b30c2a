/** What the compiler has to say about a program, and how it looks on a terminal. */

import { textStart } from "./lexer.ts";

/**
 * Which part of the compiler speaks. `parse` and `type` messages are those of the language; `unsupported` is what passes
 * the checker's rules but has no meaning when it runs (a pointer, `jika` as a value), and is given only when there is
 * nothing else to say. A `warning` is about a program that is right.
 */
export type Stage = "parse" | "type" | "unsupported" | "warning";

/** One message at one place. */
export interface Diagnostic {
  readonly stage: Stage;
  /** The file it is about, a key of the sources. */
  readonly file: string;
  /** From 1; 0 when the message is about no place in particular. */
  readonly line: number;
  /** From 1, in bytes; 0 when the message is about no place in particular. */
  readonly column: number;
  readonly message: string;
  /** What to do about it, where that can be said. */
  readonly hint?: string;
}

/** How to paint parts of a message; each takes text and returns text. */
export interface Palette {
  /** Places, and the word before a hint. */
  readonly heading: (text: string) => string;
  readonly error: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly dim: (text: string) => string;
}

const plain = (text: string): string => text;
const PLAIN: Palette = { heading: plain, error: plain, warning: plain, dim: plain };

/** The most bytes of a source line that are shown, so that a message about one long line stays readable. */
const WIDEST_LINE = 160;

/**
 * The messages as text, in their order: `file:line:column: error: message`, the source line with carets under the place, and
 * the hint, where there is one. Ends in a newline. O(length of the sources and of the result).
 *
 *     main.fox:3:18: error: Undefined variable or type: jumlh
 *       3 | native_print_int(jumlh)
 *                            ^^^^^
 *       help: did you mean 'jumlah'?
 *
 * @param sources the bytes of each file a message names; without them a message has no source line
 */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, Uint8Array>,
  palette: Palette = PLAIN,
): string {
  const lines: string[] = [];
  const indexes = new Map<string, LineIndex>();
  for (const { stage, file, line, column, message, hint } of diagnostics) {
    const place = line === 0 ? file : `${file}:${line}:${column}`;
    const paint = stage === "warning" ? palette.warning : palette.error;
    const kind = stage === "warning" ? "warning" : "error";
    lines.push(`${palette.heading(`${place}:`)} ${paint(`${kind}:`)} ${message}`);
    const source = sources.get(file);
    if (source !== undefined && line > 0) {
      const index = indexes.get(file) ?? new LineIndex(source);
      indexes.set(file, index);
      const excerpt = index.excerpt(line, column);
      if (excerpt !== undefined) {
        const margin = `  ${line} | `;
        lines.push(palette.dim(margin) + excerpt.text);
        lines.push(" ".repeat(margin.length) + excerpt.indent + paint("^".repeat(excerpt.carets)));
      }
    }
    if (hint !== undefined) lines.push(`  ${palette.heading("help:")} ${hint}`);
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** Where each line of a source starts. */
class LineIndex {
  readonly #source: Uint8Array;
  readonly #starts: number[];
  readonly #decoder = new TextDecoder();

  constructor(source: Uint8Array) {
    this.#source = source;
    this.#starts = [textStart(source)];
    for (let i = source.indexOf(10); i >= 0; i = source.indexOf(10, i + 1)) this.#starts.push(i + 1);
  }

  /** The line, or the part of it around the column, and what to put before the carets; undefined when there is no such line. */
  excerpt(line: number, column: number): { text: string; indent: string; carets: number } | undefined {
    const start = this.#starts[line - 1];
    if (start === undefined) return undefined;
    const next = this.#starts[line];
    const end = next === undefined ? this.#source.length : next - 1;
    const at = Math.min(start + column - 1, end);
    const from = Math.max(start, at - WIDEST_LINE / 2);
    const to = Math.min(end, from + WIDEST_LINE);
    const before = printable(this.#decoder.decode(this.#source.subarray(from, at)));
    const after = printable(this.#decoder.decode(this.#source.subarray(at, to)));
    // A tab stays a tab, so that the caret stands right whatever its width is.
    // A name, a keyword or a number is marked whole, anything else by one caret.
    const carets = Math.max(/^\w*/.exec(after)![0].length, 1);
    return { text: before + after, indent: before.replace(/[^\t]/gu, " "), carets };
  }
}

/** Without what would move the cursor or change the colours of a terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
  return text.replace(/\r/g, "").replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, "?");
}
