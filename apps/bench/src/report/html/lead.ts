import { BASELINE, OPPONENTS } from "../../catalogue/contenders.js";
import type { Result, ResultScenario, Results } from "../results.js";

/** Which side of 1 ours are on: all of them ahead, all behind, or it depends (or is too close to tell). */
export type Standing = "ahead" | "depends" | "behind";

/** A contender's ratio: over 1 is faster, or smaller, than the baseline. */
export interface Mark {
  readonly label: string;
  readonly ratio: number;
}

/** One line of the chart that the report leads with. */
export interface LeadRow {
  readonly scenario: string;
  readonly name: string;
  readonly of: "time" | "memory";
  /** Whom the ratios refer to. */
  readonly against: string;
  readonly standing: Standing;
  readonly ours: readonly Mark[];
  /** The best of what there is for JavaScript, and the best other native one. */
  readonly peer?: Mark;
  readonly native?: Mark;
}

interface Candidate extends Mark {
  readonly result: Result;
  /** The interval of the ratio. */
  readonly low: number;
  readonly high: number;
}

const timeOf = (result: Result): Candidate[] => {
  const ratio = result.status === "measured" ? result.timesAsFast : undefined;
  if (ratio === undefined || !Number.isFinite(ratio.value)) return [];
  return [{ result, label: result.label, ratio: ratio.value, low: ratio.low, high: ratio.high }];
};

const memoryOf =
  (base: number | undefined) =>
  (result: Result): Candidate[] => {
    const bytes = result.status === "measured" ? result.footprintBytes : undefined;
    if (bytes === undefined || base === undefined) return [];
    const ratio = base / bytes;
    return [{ result, label: result.label, ratio, low: ratio, high: ratio }];
  };

const standingOf = (ours: readonly Candidate[]): Standing => {
  if (ours.every(({ low }) => low > 1)) return "ahead";
  return ours.every(({ high }) => high < 1) ? "behind" : "depends";
};

const mark = ({ label, ratio }: Candidate): Mark => ({ label, ratio });

const best = (candidates: readonly Candidate[]): Mark | undefined => {
  const first = candidates.toSorted((a, b) => b.ratio - a.ratio)[0];
  return first === undefined ? undefined : mark(first);
};

const rowOf = (scenario: ResultScenario, of: LeadRow["of"], candidates: readonly Candidate[]): LeadRow[] => {
  const side = (wanted: Result["side"]): Candidate[] => candidates.filter(({ result }) => result.side === wanted);
  const ours = side("ours");
  if (ours.length === 0) return [];
  const peer = best(side("peer"));
  const native = best(side("native").filter(({ result }) => result.contender !== scenario.baseline));
  return [
    {
      scenario: scenario.id,
      name: scenario.name,
      of,
      against: scenario.baseline === BASELINE ? "native malloc" : (OPPONENTS[scenario.baseline] ?? ""),
      standing: standingOf(ours),
      ours: ours.map(mark),
      ...(peer !== undefined && { peer }),
      ...(native !== undefined && { native }),
    },
  ];
};

/** The lines of the leading chart: each timed scenario, then memory where it was counted. */
export const leadRows = ({ scenarios, results }: Results): LeadRow[] => {
  const of = (scenario: ResultScenario): Result[] => results.filter((result) => result.scenario === scenario.id);
  const times = scenarios.flatMap((scenario) => rowOf(scenario, "time", of(scenario).flatMap(timeOf)));
  const memory = scenarios
    .filter(({ counted }) => counted)
    .flatMap((scenario) => {
      const all = of(scenario);
      const base = all.find(({ contender }) => contender === scenario.baseline)?.footprintBytes;
      return rowOf(scenario, "memory", all.flatMap(memoryOf(base)));
    });
  return [...times, ...memory];
};
