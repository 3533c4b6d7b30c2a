/** The programs in `test/programs` and `test/rejected`. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A program with what is expected of it. */
export interface CorpusProgram {
  readonly name: string;
  /** The path of the .fox file; what it imports lies beside it in `modules`. */
  readonly file: string;
  readonly bytes: Uint8Array;
  /** What it prints (programs) or the diagnostics, a line each (rejected). */
  readonly expected: string;
  /** The exit code: 0, the one in the .code file, or -1 when any but 0 will do (a .code file that says `nonzero`). */
  readonly code: number;
}

/** All programs of a folder, by name. */
export function corpus(folder: "programs" | "rejected"): CorpusProgram[] {
  const path = fileURLToPath(new URL(folder, import.meta.url));
  return readdirSync(path)
    .filter((name) => name.endsWith(".fox"))
    .sort()
    .map((name) => {
      const file = `${path}/${name}`;
      const code = file.replace(/fox$/, "code");
      const text = existsSync(code) ? readFileSync(code, "utf8").trim() : "0";
      return {
        name: name.slice(0, -".fox".length),
        file,
        bytes: readFileSync(file),
        expected: readFileSync(file.replace(/fox$/, "out"), "utf8"),
        code: text === "nonzero" ? -1 : Number(text),
      };
    });
}
