import { readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildProgram, compileFrontEnd } from "n0";
import type { AllocatorName } from "n0-runtime";

const FOLDER = fileURLToPath(new URL("../../milestone/", import.meta.url));

/** The two styles of the front end: keywords as packed bytes, or as string literals. */
export type Style = "lean" | "literal";
export const STYLES: readonly Style[] = ["lean", "literal"];

/** What a front end reads: a file and its size, so that it is read at once and nothing is allocated for more. */
export interface SourceFile {
  readonly path: string;
  readonly bytes: number;
}

/** A program of the milestone. */
export interface MilestoneProgram {
  readonly id: string;
  readonly what: string;
  /** Relative to `milestone/`. */
  readonly file: string;
  readonly style?: Style;
  /** Lines of the generated source, for a front end. */
  readonly lines?: number;
  /** Whether a string literal is made once, as n0 does it by default. The front ends of both styles make one each time, as the original does. */
  readonly literalsOnce?: true;
  /** The same program on plain objects: a file of `plain/`. */
  readonly plain?: string;
  /** What the program sees as `os.Args`. Default: nothing. */
  readonly args?: (source: SourceFile) => string[];
}

/** Lines of the generated sources. */
export const SIZES: readonly number[] = [100, 500, 1_000, 5_000, 10_000, 50_000];

/** The front end in a style, over a source of so many lines. */
export const frontEnd = (style: Style, lines: number): MilestoneProgram => ({
  id: `${style}-${lines}`,
  what: `front end, ${style}, ${lines.toLocaleString("en-US")} lines`,
  file: `${style}/main.fox`,
  plain: "front-end",
  style,
  lines,
});

/** The literal front end with literals that are made once. It has no style: floors and charts are about the original's way. */
export const literalsOnce = (lines: number): MilestoneProgram => ({
  id: `once-${lines}`,
  what: `front end, literals made once, ${lines.toLocaleString("en-US")} lines`,
  file: "literal/main.fox",
  plain: "front-end",
  lines,
  literalsOnce: true,
});

/** N1, the compiler of Morph in Morph, which makes a module of a source of so many lines. Nobody has written it on plain objects. */
export const compiler = (lines: number): MilestoneProgram => ({
  id: `n1-${lines}`,
  what: `N1, the compiler in Morph, ${lines.toLocaleString("en-US")} lines`,
  file: "../../n1/src/main.fox",
  lines,
  literalsOnce: true,
  args: ({ path }) => ["build", path, "-o", `${path}.wasm`, "-q"],
});

/** What is not a front end: compiled as n0 does it by default. */
export const OTHERS: readonly MilestoneProgram[] = [
  { id: "chess", what: "number chess, 30 moves", file: "chess.fox", plain: "chess", literalsOnce: true },
  { id: "garbage", what: "garbage churn", file: "garbage.fox", plain: "garbage", literalsOnce: true },
  { id: "trees", what: "binary trees", file: "trees.fox", plain: "trees", literalsOnce: true },
  { id: "maps", what: "maps", file: "maps.fox", plain: "maps", literalsOnce: true },
  { id: "list", what: "500,000 live nodes", file: "list.fox", plain: "list", literalsOnce: true },
  { id: "stack_undo", what: "stack by concatenation", file: "stack_undo.fox", plain: "stack-undo", literalsOnce: true },
];

const sourceModule = ({ path, bytes }: SourceFile): Uint8Array =>
  new TextEncoder().encode(
    `fungsi Path() string\n  kembalikan ${JSON.stringify(path)}\nakhir\n\nfungsi Size() int\n  kembalikan ${bytes}\nakhir\n`,
  );

/**
 * Compiles a program. What it imports as "source" is made here; everything else lies in `milestone/`.
 *
 * @param allocator on which it runs; a module for V2 runs on V1, too
 * @param recorded whether its runs can be recorded
 * @throws Error with the diagnostics
 */
export const compile = async (
  program: MilestoneProgram,
  source: SourceFile | undefined,
  allocator: AllocatorName,
  recorded = false,
): Promise<Uint8Array<ArrayBuffer>> => {
  const file = `${FOLDER}${program.file}`;
  const read = (path: string): Uint8Array | null => {
    if (source !== undefined && path.endsWith("source.fox")) return sourceModule(source);
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true ? readFileSync(path) : null;
  };
  const result = compileFrontEnd({ file, bytes: readFileSync(file), reader: { read } });
  if (!result.ok) {
    const all = result.diagnostics.map(({ file: where, line, message }) => `${where}:${line}: ${message}`);
    throw new Error(`${program.id} does not compile:\n${all.join("\n")}`);
  }
  const target = allocator === "gc" ? "gc" : "fixed";
  return buildProgram(result.program, { target, recorded, literalsEachTime: program.literalsOnce !== true });
};
