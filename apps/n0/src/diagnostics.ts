/** What the compiler has to say about a program, and how it looks on a terminal. */

import { textStart } from "./lexer.ts";

/**
 * Which part of the compiler speaks. `parse` and `type` messages are those of the language; `unsupported` is what passes
 * the checker's rules but has no meaning when it runs (a pointer, `jika` as a value), and is given only when there is
 * nothing else to say.
 */
export type Stage = "parse" | "type" | "unsupported";

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
}

/** How to paint parts of a message; each takes text and returns text. */
export interface Palette {
  readonly heading: (text: string) => string;
  readonly error: (text: string) => string;
  readonly dim: (text: string) => string;
}

const PLAIN: Palette = { heading: (text) => text, error: (text) => text, dim: (text) => text };

const HEADINGS: Readonly<Record<Stage, string>> = {
  parse: "Parser Errors",
  type: "Type Errors",
  unsupported: "Compilation Errors",
};

/** The most bytes of a source line that are shown, so that a message about one long line stays readable. */
const WIDEST_LINE = 160;

/**
 * The messages as text, in their order, each with its source line and a caret under the place; a heading names the
 * file whenever file or stage change. Ends in a newline. O(length of the sources and of the result).
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
  let heading = "";
  for (const diagnostic of diagnostics) {
    const { stage, file, line, column, message } = diagnostic;
    const next = `${HEADINGS[stage]}: ${file}`;
    if (next !== heading) lines.push(palette.heading(next));
    heading = next;
    const place = `[${line}:${column}]`;
    lines.push(stage === "parse" ? `${palette.error("ERROR")} ${place}: ${message}` : `  ${place} ${message}`);
    const source = sources.get(file);
    if (source === undefined || line === 0) continue;
    const index = indexes.get(file) ?? new LineIndex(source);
    indexes.set(file, index);
    const excerpt = index.excerpt(line, column);
    if (excerpt === undefined) continue;
    const margin = `  ${line} | `;
    lines.push(palette.dim(margin) + excerpt.text);
    lines.push(" ".repeat(margin.length) + excerpt.indent + palette.error("^"));
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

  /** The line, or the part of it around the column, and what to put before the caret; undefined when there is no such line. */
  excerpt(line: number, column: number): { text: string; indent: string } | undefined {
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
    return { text: before + after, indent: before.replace(/[^\t]/gu, " ") };
  }
}

/** Without what would move the cursor or change the colours of a terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
  return text.replace(/\r/g, "").replace(/[\x00-\x08\x0a-\x1f\x7f-\x9f]/g, "?");
}
