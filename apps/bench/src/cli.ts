import { Command } from "commander";
import { scenarios } from "./catalogue/scenarios.js";
import { CHECK, FULL, QUICK, type Settings } from "./catalogue/settings.js";
import { claimed } from "./claims.js";
import { floorsOf, judge } from "./floors.js";
import { prepareNative } from "./native/tools.js";
import { writeReport } from "./report/html/report.js";
import { packageFolder } from "./report/machine.js";
import { startProgress } from "./report/progress.js";
import { resultsOf, writeJson } from "./report/results.js";
import { claimTable, floorTable, scenarioTables } from "./report/tables.js";
import type { Entry } from "./run/entry.js";
import { interleave, stepsOf } from "./run/interleave.js";
import { plan } from "./run/plan.js";

interface Options {
  readonly quick?: true;
  readonly check?: true;
  readonly json: string;
  readonly report: string;
  readonly only: readonly string[];
}

const print = (text: string): void => {
  process.stdout.write(`${text}\n\n`);
};

const settingsFor = ({ quick, check }: Options): Settings => (quick ? QUICK : check ? CHECK : FULL);

const main = async (positional: readonly string[], options: Options, command: Command): Promise<void> => {
  const only = [...positional, ...options.only];
  const known = scenarios.map(({ id }) => id);
  const unknown = only.find((id) => !known.includes(id));
  if (unknown !== undefined) command.error(`no scenario "${unknown}"; there are: ${known.join(", ")}`);
  const settings = settingsFor(options);
  const tools = prepareNative();
  if (tools.problem !== undefined) print(`native malloc: ${tools.problem}`);

  const groups = plan({ only, floorsOnly: options.check === true }, settings, tools);
  const progress = startProgress(groups.reduce((sum, { jobs }) => sum + stepsOf(jobs.length, settings), 0));
  const entries: Entry[] = [];
  for (const group of groups) {
    await interleave(group.jobs, settings, progress.step);
    entries.push(...group.entries);
    progress.pause();
    for (const scenario of group.scenarios) for (const table of scenarioTables(scenario, group.entries)) print(table);
  }
  progress.end();

  print(claimTable(claimed(entries)));
  const verdicts = floorsOf(only).map((floor) => judge(floor, entries));
  if (options.check) print(floorTable(verdicts));
  const results = resultsOf(settings, tools, entries, verdicts);
  writeJson(options.json, results);
  writeReport(options.report, results);
  print(`all rounds: ${options.json}\nto look at: ${options.report}`);
  if (options.check && verdicts.some(({ held }) => !held)) process.exitCode = 1;
};

await new Command("bench")
  .description("Morph memory beside native malloc and its peers, in fresh processes, interleaved.")
  .argument("[scenarios...]", `only these: ${scenarios.map(({ id }) => id).join(", ")}`)
  .option("--only <scenarios...>", "the same as naming them", [])
  .option("--quick", "a first impression in under a minute")
  .option("--check", "measure what the floors need; exit 1 when one is missed")
  .option("--json <path>", "where to write the results", `${packageFolder}bench-results.json`)
  .option("--report <path>", "where to write the report", `${packageFolder}bench-report.html`)
  .action(main)
  .parseAsync();
