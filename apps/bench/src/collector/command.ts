import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { textTable } from "../text-table.js";
import type { Figures } from "./figures.js";
import { OF_PAUSES, ROWS, type Row } from "./rows.js";

const WORKER = fileURLToPath(new URL("./worker.js", import.meta.url));
const LIMIT_MS = 1_800_000;

/** Those that look at the CPU time of the whole process have no other threads of V8's; those of pauses look at the main thread's. */
const measure = async (name: string, amount: "full" | "quick"): Promise<Figures> => {
  const flags = OF_PAUSES.includes(name) ? [] : ["--single-threaded"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, WORKER, name, amount], {
    timeout: LIMIT_MS,
  });
  return JSON.parse(stdout) as Figures;
};

const isMet = ({ limit, isLeast }: Row, value: number): boolean =>
  limit === undefined || (isLeast ? value >= limit : value <= limit);

const textOf = (value: number | undefined): string => (value === undefined ? "" : String(Number(value.toPrecision(3))));

/**
 * Measures the collector, each measurement in a process of its own, in CPU time, and prints it.
 * @param names measurements, of which there are rows; none named means all
 * @returns whether all floors hold
 */
export const runCollector = async (names: readonly string[], amount: "full" | "quick"): Promise<boolean> => {
  const chosen = ROWS.filter(({ from: [name] }) => names.length === 0 || names.includes(name));
  const figures = new Map<string, Figures>();
  for (const {
    from: [name],
  } of chosen) {
    if (figures.has(name)) continue;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[Kcollector: ${name}`);
    figures.set(name, await measure(name, amount));
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  let held = true;
  const rows = chosen.map((row) => {
    const [name, figure] = row.from;
    const value = figures.get(name)?.[figure] ?? Number.NaN;
    const met = isMet(row, value);
    if (!met && row.unchecked === undefined) held = false;
    const verdict =
      row.limit === undefined ? "" : met ? "holds" : row.unchecked === undefined ? "MISSED" : "missed, no floor";
    const limit = row.limit === undefined ? "" : `${row.isLeast ? "from" : "to"} ${row.limit}`;
    return [row.what, `${textOf(value)} ${row.unit}`, limit, textOf(row.aim), verdict];
  });
  process.stdout.write(`${textTable(["the collector, in CPU time", "measured", "limit", "aim", ""], rows)}\n`);
  return held;
};
