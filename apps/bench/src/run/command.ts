import { fileURLToPath } from "node:url";
import type { Contender } from "../catalogue/contenders.js";
import type { Scenario } from "../catalogue/scenarios.js";
import type { Settings } from "../catalogue/settings.js";
import { type NativeTools, nativeTrace } from "../native/tools.js";
import type { Command } from "./process.js";

const WORKER = fileURLToPath(new URL("../worker/main.js", import.meta.url));

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
  const numbers = [sizes.join(","), batch, times, resident, live, workers, settings.warmMs, settings.targetMs].map(
    String,
  );
  return {
    file: tools.programs[launch.program],
    args: [launch.bump === true ? "bump" : kind, ...numbers, ...(trace === undefined ? [] : [nativeTrace(trace)])],
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
  const flags = scenario.kind === "fresh" || scenario.kind === "objects-fresh" ? ["--expose-gc"] : [];
  const times = [settings.warmMs, settings.targetMs].map(String);
  return {
    file: process.execPath,
    args: [...flags, WORKER, launch.module, JSON.stringify({ ...scenario, grown: launch.grown }), ...times],
    env: process.env,
  };
};
