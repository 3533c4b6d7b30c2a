import { figure, mebibytes } from "../../format.js";
import type { Result, ResultScenario, Results, Side } from "../results.js";

/** One bar: a contender's median with the spread of its rounds, or its memory. */
export interface Bar {
  readonly label: string;
  readonly side: Side;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** The figure as it is written beside the bar. */
  readonly text: string;
}

/** The chart of a scenario. */
export interface BarChart {
  readonly id: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
  /** The axis ends here; longer bars are cut and marked. */
  readonly end: number;
}

/** What takes this many times as long as the baseline would leave no room for the rest. */
const MOST_BASELINES = 4;
const MARGIN = 1.08;

const endOf = (bars: readonly Bar[], base: number | undefined): number => {
  const longest = Math.max(...bars.map(({ value, high = value }) => high));
  const ours = Math.max(0, ...bars.filter(({ side }) => side.startsWith("ours")).map(({ value }) => value));
  const limit = Math.max(base === undefined ? longest : base * MOST_BASELINES, ours);
  return Math.min(longest, limit) * MARGIN;
};

const timeBar = ({ label, side, status, medianNs, spreadNs }: Result): Bar[] =>
  status !== "measured" || medianNs === undefined
    ? []
    : [{ label, side, value: medianNs, ...spreadNs, text: `${figure(medianNs)} ns` }];

const memoryBar = ({ label, side, status, footprintBytes, utilization }: Result): Bar[] =>
  status !== "measured" || footprintBytes === undefined
    ? []
    : [
        {
          ...{ label, side },
          value: footprintBytes / 2 ** 20,
          text: `${mebibytes(footprintBytes)}${utilization === undefined ? "" : `, ${figure(utilization)}`}`,
        },
      ];

const chart = (id: string, unit: string, bars: readonly Bar[], base: number | undefined): BarChart[] =>
  bars.length === 0 ? [] : [{ id, unit, bars, end: endOf(bars, base) }];

/** Ids of a scenario's charts in the page. */
export const timeChartId = ({ id }: ResultScenario): string => `time-${id}`;
export const memoryChartId = ({ id }: ResultScenario): string => `memory-${id}`;

/** The charts of all scenarios. */
export const barCharts = ({ scenarios, results }: Results): BarChart[] =>
  scenarios.flatMap((scenario) => {
    const all = results.filter((result) => result.scenario === scenario.id);
    const base = all.find(({ contender }) => contender === scenario.baseline);
    const times = scenario.timed ? all.flatMap(timeBar) : [];
    const memory = scenario.counted ? all.flatMap(memoryBar) : [];
    const baseMemory = base?.footprintBytes === undefined ? undefined : base.footprintBytes / 2 ** 20;
    return [
      ...chart(timeChartId(scenario), "ns", times, base?.medianNs),
      ...chart(memoryChartId(scenario), "MiB", memory, baseMemory),
    ];
  });
