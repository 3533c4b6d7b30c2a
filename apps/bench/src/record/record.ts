import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { repOf } from "./rep.js";

const SOURCE = fileURLToPath(new URL("../../native/record.c", import.meta.url));

/** What came out of a recording. */
export interface Recording {
  /** The command's exit code; 1 where a signal ended it. */
  readonly exitCode: number;
  /** The traces that were written: one for each process that allocated, the longest first. */
  readonly traces: readonly { readonly path: string; readonly operations: number }[];
}

const pathOf = (out: string, number: number): string =>
  number === 0 ? out : out.replace(/(\.rep)?(\.gz)?$/, (ending) => `-${number + 1}${ending}`);

const write = (path: string, text: string): void => writeFileSync(path, path.endsWith(".gz") ? gzipSync(text) : text);

/**
 * Runs a command on Linux with glibc and writes what it asks of malloc, as a trace for each of its processes.
 * @throws Error when the recorder cannot be built or the command not be started
 */
export const record = (command: readonly string[], out = `${basename(command[0] ?? "")}.rep`): Recording => {
  if (process.platform !== "linux") throw new Error("recording works on Linux only");
  const folder = mkdtempSync(`${tmpdir()}/morph-record-`);
  try {
    const library = `${folder}/record.so`;
    execFileSync(process.env.CC || "cc", ["-O2", "-shared", "-fPIC", SOURCE, "-o", library, "-pthread"], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [file = "", ...args] = command;
    const env = { ...process.env, LD_PRELOAD: library, MORPH_RECORD: `${folder}/requests` };
    const { status, error } = spawnSync(file, args, { stdio: "inherit", env });
    if (error !== undefined) throw error;
    const reps = readdirSync(folder)
      .filter((name) => name.startsWith("requests."))
      .map((name) => repOf(new Uint32Array(new Uint8Array(readFileSync(`${folder}/${name}`)).buffer)))
      .filter(({ operations }) => operations > 0)
      .toSorted((a, b) => b.operations - a.operations);
    const traces = reps.map(({ text, operations }, number) => {
      const path = pathOf(out, number);
      write(path, text);
      return { path, operations };
    });
    return { exitCode: status ?? 1, traces };
  } finally {
    rmSync(folder, { recursive: true });
  }
};
