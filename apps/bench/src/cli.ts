import { Command, InvalidArgumentError } from "commander";
import { chosenScenarios } from "./catalogue/choice.js";
import type { Scenario } from "./catalogue/scenario.js";
import { scenarios } from "./catalogue/scenarios.js";
import { CHECK, FULL, QUICK, type Settings } from "./catalogue/settings.js";
import { claimed, isMeasured } from "./claims.js";
import { runCollector } from "./collector/command.js";
import { floorsOf, judge } from "./floors.js";
import { mebibytes } from "./format.js";
import { runMilestone } from "./milestone/command.js";
import type { MilestoneMode } from "./milestone/settings.js";
import { prepareNative } from "./native/tools.js";
import { startRecordProgress } from "./record/progress.js";
import { record } from "./record/record.js";
import { writeReport } from "./report/html/report.js";
import { packageFolder } from "./report/machine.js";
import { startProgress } from "./report/progress.js";
import { resultsOf, writeJson } from "./report/results.js";
import { claimTable, floorTable, scenarioTables } from "./report/tables.js";
import { coldSteps, measureCold } from "./run/cold.js";
import type { Entry } from "./run/entry.js";
import { interleave, stepsOf } from "./run/interleave.js";
import { plan } from "./run/plan.js";
import { MOST_OPERATIONS } from "./trace.js";

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

const choose = (names: readonly string[], command: Command): readonly Scenario[] => {
  try {
    return chosenScenarios(names);
  } catch (error) {
    return command.error((error as Error).message);
  }
};

const main = async (positional: readonly string[], options: Options, command: Command): Promise<void> => {
  const names = [...positional, ...options.only];
  const chosen = choose(names, command);
  const settings = settingsFor(options);
  const tools = prepareNative();
  if (tools.problem !== undefined) print(`native malloc: ${tools.problem}`);

  const groups = plan({ scenarios: chosen, floorsOnly: options.check === true }, settings, tools);
  if (groups.length === 0) command.error("no floor is of these; without --check they are measured");
  const progress = startProgress(
    groups.reduce(
      (sum, group) => sum + stepsOf(group.jobs, group.settings) + coldSteps(group.coldJobs, group.settings),
      0,
    ),
  );
  const entries: Entry[] = [];
  for (const group of groups) {
    await interleave(group.jobs, group.settings, progress.step);
    await measureCold(group.coldJobs, group.settings, progress.step);
    entries.push(...group.entries);
    progress.pause();
    for (const scenario of group.scenarios) for (const table of scenarioTables(scenario, group.entries)) print(table);
  }
  progress.end();

  const claims = claimed(entries);
  if (claims.some(isMeasured)) print(claimTable(claims));
  const verdicts = floorsOf(names.length === 0 ? [] : chosen.map(({ id }) => id)).map((floor) => judge(floor, entries));
  if (options.check) print(floorTable(verdicts));
  // A quick run, and one of chosen scenarios, has none of it; `milestone` measures it alone.
  const withMilestone = names.length === 0 && options.quick !== true;
  const milestone = withMilestone ? await runMilestone(options.check ? "check" : "bounded") : undefined;
  const results = resultsOf(settings, tools, entries, verdicts, milestone);
  writeJson(options.json, results);
  writeReport(options.report, results);
  print(`all rounds: ${options.json}\nto look at: ${options.report}`);
  if (options.check && [...verdicts, ...(milestone?.floors ?? [])].some(({ held }) => !held)) process.exitCode = 1;
};

/** A number of requests that can be replayed. */
const limitOf = (text: string): number => {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST_OPERATIONS) return limit;
  throw new InvalidArgumentError(`It is a whole number from 1 to ${MOST_OPERATIONS}.`);
};

interface RecordArguments {
  readonly out?: string;
  readonly limit: number;
}

const recordCommand = async (words: readonly string[], options: RecordArguments, command: Command): Promise<void> => {
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());
  const progress = startRecordProgress();
  try {
    const { signal } = interrupted;
    const { exitCode, traces } = await record(words, { ...options, signal, onProgress: progress.show });
    progress.end();
    for (const { path, operations, bytes, limited } of traces) {
      const end = limited ? `; ends at the limit of ${options.limit} requests` : "";
      print(`${path}: ${operations} operations, ${mebibytes(bytes)}${end}`);
    }
    if (traces.length === 0) command.error("it asked nothing of malloc, or does not use the C library's");
    process.exitCode = exitCode;
  } catch (error) {
    progress.end();
    command.error((error as Error).message);
  }
};

/** Options that the main command has too reach it first, so they are asked for where they arrived. */
const milestoneCommand = async (_: unknown, command: Command): Promise<void> => {
  const { quick, check, full, json, report } = command.optsWithGlobals<Options & { full?: true }>();
  const mode: MilestoneMode = full ? "full" : quick ? "quick" : check ? "check" : "bounded";
  const milestone = await runMilestone(mode);
  const settings = settingsFor({ json, report, only: [], ...(quick && { quick }), ...(check && { check }) });
  const results = resultsOf(settings, prepareNative(), [], [], milestone);
  const path = (option: "json" | "report", given: string): string =>
    command.parent?.getOptionValueSource(option) === "default"
      ? given.replace(/bench-(\w+\.\w+)$/, "milestone-$1")
      : given;
  const [jsonPath, reportPath] = [path("json", json), path("report", report)];
  writeJson(jsonPath, results);
  writeReport(reportPath, results);
  print(`all figures: ${jsonPath}\nto look at: ${reportPath}`);
  if (check && milestone.floors.some(({ held }) => !held)) process.exitCode = 1;
};

const bench = new Command("bench")
  .description("Morph memory beside native malloc and its peers, in fresh processes, interleaved.")
  .argument(
    "[names...]",
    `only these scenarios, or a replay of these .rep or .rep.gz files; scenarios: ${scenarios.map(({ id }) => id).join(", ")}`,
  )
  .option("--only <names...>", "the same as naming them", [])
  .option("--quick", "a first impression in a minute or two")
  .option("--check", "measure what the floors need; exit 1 when one is missed")
  .option("--json <path>", "where to write the results", `${packageFolder}bench-results.json`)
  .option("--report <path>", "where to write the report", `${packageFolder}bench-report.html`)
  .action(main);

bench
  .command("record")
  .description("Run a command and write what it asks of malloc as a trace (Linux with glibc).")
  .argument("<command...>", "after --: the command and its arguments")
  .option("--out <path>", "where to write the trace, also .rep.gz; default: COMMAND.rep here")
  .option("--limit <requests>", "the most of one trace; the command then runs on unrecorded", limitOf, MOST_OPERATIONS)
  .action(recordCommand);

bench
  .command("milestone")
  .description(
    "Run Morph programs on each allocator, and the same on plain objects; with --quick, --check, --json and --report as above.",
  )
  .option("--full", "every size, and two minutes for V1 where the usual run stops it after seconds")
  .action(milestoneCommand);

bench
  .command("collector")
  .description("Measure the collector: pauses, copying, allocation, and programs with it beside frees by hand.")
  .argument("[measurements...]", "only these, as src/collector/rows.ts names them")
  .action(async (names: readonly string[], _: unknown, command: Command) => {
    const { quick, check } = command.optsWithGlobals<Options>();
    const held = await runCollector(names, quick ? "quick" : "full");
    if (check && !held) process.exitCode = 1;
  });

await bench.parseAsync();
