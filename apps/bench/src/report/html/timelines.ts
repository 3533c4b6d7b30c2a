import type { ResultScenario, Results, Side } from "../results.js";

/** One line over the operations of a trace. */
export interface Line {
  readonly label: string;
  readonly side: Side | "live";
  /** At moments equally far apart. */
  readonly mebibytes: readonly number[];
}

/** Live bytes and footprints over a trace. */
export interface Timeline {
  readonly id: string;
  readonly lines: readonly Line[];
}

/** Id of a trace's chart in the page. */
export const timelineId = ({ id }: ResultScenario): string => `timeline-${id}`;

const mebibytesOf = (bytes: readonly number[]): number[] => bytes.map((value) => Number((value / 2 ** 20).toFixed(3)));

/** The charts of all traces for which a contender reported its footprint. */
export const timelines = ({ scenarios, results }: Results): Timeline[] =>
  scenarios.flatMap((scenario) => {
    const { id, liveBytes } = scenario;
    const footprints = results.flatMap(({ scenario: where, label, side, status, footprintsBytes }): Line[] =>
      where !== id || status !== "measured" || footprintsBytes === undefined
        ? []
        : [{ label: `footprint: ${label}`, side, mebibytes: mebibytesOf(footprintsBytes) }],
    );
    if (liveBytes === undefined || footprints.length === 0) return [];
    const live: Line = { label: "live bytes", side: "live", mebibytes: mebibytesOf(liveBytes) };
    return [{ id: timelineId(scenario), lines: [...footprints, live] }];
  });
