/** Where a program was when it failed: the functions of Morph on the engine's stack, innermost first. */
import type { Manifest } from "./codegen/manifest.ts";
import { LINES_SECTION } from "./wasm/module-writer.ts";

/** One call that has not ended. */
export interface TraceFrame {
  /** As in the source: `f`, `Struct.Method`, `closure` for one without a name; empty for statements of the top level. */
  readonly name: string;
  readonly file: string;
  /** 0 when it is not known: of a program with Morph threads, whose code is moved. */
  readonly line: number;
}

/** Calls of the engine's stack that are looked at. */
export const DEEPEST = 200;

/** Lines of a trace that are shown. */
const MOST_LINES = 20;

/** The frames of Morph functions in the stack of an error that was thrown under a module's code. O(size of the module). */
export function traceOf(error: unknown, module: WebAssembly.Module, manifest: Manifest): TraceFrame[] {
  const stack = (error as Error | null)?.stack;
  const { trace = [], files } = manifest;
  if (typeof stack !== "string" || trace.length === 0) return [];
  const functions = new Map(trace.map(([index, name, file]) => [index, { name, file: files[file]! }]));
  const lineOf = lines(module, manifest);
  const frames: TraceFrame[] = [];
  for (const [, index, offset] of stack.matchAll(/wasm-function\[(\d+)\]:0x([0-9a-f]+)/g)) {
    const found = functions.get(Number(index));
    if (found !== undefined) frames.push({ ...found, line: lineOf(Number.parseInt(offset!, 16)) });
  }
  return frames;
}

/** The trace as lines of text; the same call again and again, as of a recursion, in one. Nothing when it says nothing new. */
export function formatTrace(frames: readonly TraceFrame[]): string[] {
  if (frames.length < 2) return [];
  const calls: { text: string; count: number }[] = [];
  for (const { name, file, line } of frames) {
    const place = line === 0 ? file : `${file}:${line}`;
    const text = name === "" ? `  at ${place}` : `  at ${name} (${place})`;
    const last = calls.at(-1);
    if (last?.text === text) last.count++;
    else calls.push({ text, count: 1 });
  }
  const shown = calls.slice(0, MOST_LINES).map(({ text, count }) => (count === 1 ? text : `${text}, ${count} times`));
  if (calls.length > MOST_LINES || frames.length >= DEEPEST) shown.push("  ...");
  return shown;
}

/** From the place of a call in a module to its line: that of the last call that starts there or before. */
function lines(module: WebAssembly.Module, { threads }: Manifest): (offset: number) => number {
  const [section] = threads ? [] : WebAssembly.Module.customSections(module, LINES_SECTION);
  if (section === undefined) return () => 0;
  const bytes = new Uint8Array(section);
  const places: number[] = [];
  const numbers: number[] = [];
  let at = 0;
  const next = (signed: boolean): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) return signed && (byte & 64) !== 0 ? value - scale : value;
    }
  };
  let place = 0;
  let line = 0;
  while (at < bytes.length) {
    place += next(false);
    line += next(true);
    places.push(place);
    numbers.push(line);
  }
  return (offset) => {
    let [low, high] = [0, places.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (places[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return numbers[low - 1] ?? 0;
  };
}
