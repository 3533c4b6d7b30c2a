// What the collector costs against V2: each program of this folder on both, by turns, in processes of their own. `node bench/compare.mjs [--quick]`, once the
// workspace is built. Shown are the best times, whole and without collections: what barriers, roots and allocation take.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { quick } = parseArgs({ options: { quick: { type: "boolean", default: false } } }).values;
const rounds = quick ? 1 : 5;
const folder = fileURLToPath(new URL(".", import.meta.url));
const command = fileURLToPath(new URL("../bin/n0.js", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "n0-bench-"));

function run(program, allocator) {
  const report = join(scratch, "stats.json");
  const args = [command, "run", "--allocator", allocator, "--stats-json", report, join(folder, program)];
  const output = execFileSync(process.execPath, args, { encoding: "utf8" });
  const { runMs, collections } = JSON.parse(readFileSync(report, "utf8"));
  return { output, whole: runMs, mutator: runMs - collections.totalMs };
}

const mean = (ratios) => Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
const wholes = [];
const mutators = [];
try {
  console.log("program        v2 ms    gc ms   ratio   without collections");
  for (const program of readdirSync(folder).filter((name) => name.endsWith(".fox") && name !== "allocation.fox")) {
    const best = { v2: { whole: Infinity, mutator: Infinity }, gc: { whole: Infinity, mutator: Infinity } };
    const outputs = new Set();
    for (let round = 0; round < rounds; round++) {
      for (const allocator of ["v2", "gc"]) {
        const { output, whole, mutator } = run(program, allocator);
        outputs.add(output);
        best[allocator].whole = Math.min(best[allocator].whole, whole);
        best[allocator].mutator = Math.min(best[allocator].mutator, mutator);
      }
    }
    if (outputs.size !== 1) throw new Error(`${program} does not print the same on both`);
    const whole = best.gc.whole / best.v2.whole;
    const mutator = best.gc.mutator / best.v2.mutator;
    wholes.push(whole);
    mutators.push(mutator);
    const columns = [best.v2.whole.toFixed(1), best.gc.whole.toFixed(1), whole.toFixed(2), mutator.toFixed(2)];
    console.log(basename(program, ".fox").padEnd(12), ...columns.map((column) => column.padStart(8)));
  }
  console.log(
    `geometric mean of the ratios: ${mean(wholes).toFixed(3)}, without collections ${mean(mutators).toFixed(3)}`,
  );
  for (const allocator of ["v2", "gc"]) {
    const costs = Array.from({ length: rounds }, () => Number(run("allocation.fox", allocator).output));
    console.log(`an object of 16 bytes on ${allocator}: ${(Math.min(...costs) / 1000).toFixed(2)} ns`);
  }
} finally {
  rmSync(scratch, { recursive: true });
}
