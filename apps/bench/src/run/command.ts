import { fileURLToPath } from "node:url";
import type { Contender } from "../catalogue/contenders.js";
import type { Kind, Scenario } from "../catalogue/scenario.js";
import type { Settings } from "../catalogue/settings.js";
import type { NativeTools } from "../native/tools.js";
import type { Command } from "./process.js";
import { traceFile } from "./trace-file.js";

const WORKER = fileURLToPath(new URL("../worker/main.js", import.meta.url));

/** A replay goes through far more of an allocator's code than a loop does, so that the JIT needs longer for it. */
const LEAST_REPLAY_WARM_MS = 250;

/** In these kinds each repetition is on new memory. The worker collects the memory of the last one first. */
const FRESH_KINDS: readonly Kind[] = ["fresh", "objects-fresh", "c-program"];

/** A warm-up that leaves the process cold. */
export const COLD = -1;

/** For everybody the same. */
const warmMsOf = ({ kind }: Scenario, { warmMs }: Settings): number =>
  kind === "replay" && warmMs !== COLD ? Math.max(warmMs, LEAST_REPLAY_WARM_MS) : warmMs;

const nativeCommand = (
  launch: Contender["launch"] & { type: "native" },
  scenario: Scenario,
  settings: Settings,
  tools: NativeTools,
): Command | string => {
  if (tools.programs === undefined) return tools.problem ?? "not built";
  const library = launch.preload === undefined ? undefined : tools.preloads[launch.preload];
  if (launch.preload !== undefined && library === undefined) return `${launch.preload}: not found`;
  const { kind, size, sizes = [size], batch, times, resident, live, workers, trace } = scenario;
  const numbers = [
    sizes.join(","),
    batch,
    times,
    resident,
    live,
    workers,
    warmMsOf(scenario, settings),
    settings.targetMs,
  ].map(String);
  return {
    file: tools.programs[launch.program],
    args: [launch.bump === true ? "bump" : kind, ...numbers, ...(trace === undefined ? [] : [traceFile(trace)])],
    env: library === undefined ? process.env : { ...process.env, LD_PRELOAD: library },
  };
};

/** How to start that contender for that scenario, or why it cannot be started. */
export const commandFor = (
  contender: Contender,
  scenario: Scenario,
  settings: Settings,
  tools: NativeTools,
): Command | string => {
  const { launch } = contender;
  if (launch.type === "native") return nativeCommand(launch, scenario, settings, tools);
  const flags = FRESH_KINDS.includes(scenario.kind) ? ["--expose-gc"] : [];
  const times = [warmMsOf(scenario, settings), settings.targetMs].map(String);
  const given = {
    grown: launch.grown,
    held: launch.held,
    ...(scenario.trace !== undefined && { trace: traceFile(scenario.trace) }),
  };
  return {
    file: process.execPath,
    args: [...flags, WORKER, launch.module, JSON.stringify({ ...scenario, ...given }), ...times],
    env: process.env,
  };
};
