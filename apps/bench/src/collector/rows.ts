import { BARRIER_PROGRAMS } from "./barriers.js";

/** A figure of the collector, what it should be, and where it comes from. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  /** The measurement, and the figure of it. */
  readonly from: readonly [measurement: string, figure: string];
  /** What it has to be, where `--check` looks at it, or only should be; at most, but for `isLeast`. */
  readonly limit?: number;
  readonly isLeast?: true;
  /** Where the project wants to be. */
  readonly aim?: number;
  /** Why the limit is no floor of `--check`. */
  readonly unchecked?: string;
}

const MINOR = "minor pause, nursery of 4 MiB, 10 % alive, 3 million old objects";
const TAIL = "the tail of pauses is the machine's";

/** Programs all of whose pauses are measured, and what they do. */
const PAUSES: readonly (readonly [from: string, what: string])[] = [
  ["pausesOfHundred", "3 million objects, 1 allocation in 100 replaces an old one"],
  ["pausesOfTen", "3 million objects, 1 allocation in 10 replaces an old one"],
  ["pausesOfChange", "3 million objects, garbage only, then every allocation replaces an old one"],
  ["pausesOfShift", "3 million objects in 1.5 times as much, replaced by objects of another size"],
];
const GIBIBYTES: readonly (readonly [from: string, what: string])[] = [
  ["gibibyteOfTen", "1 object in 10"],
  ["gibibyteOfOne", "each"],
];
/** Measurements of pauses. */
export const OF_PAUSES: readonly string[] = [
  "minorPauses",
  "copying",
  ...[...PAUSES, ...GIBIBYTES].map(([from]) => from),
];

/** The rows of issue and report, in their order. */
export const ROWS: readonly Row[] = [
  { what: `${MINOR}: median`, unit: "ms", from: ["minorPauses", "median"], limit: 1, aim: 0.5 },
  { what: `${MINOR}: p99`, unit: "ms", from: ["minorPauses", "p99"], limit: 1, aim: 0.5, unchecked: TAIL },
  { what: `${MINOR}: max`, unit: "ms", from: ["minorPauses", "max"], limit: 5, aim: 2, unchecked: TAIL },
  {
    what: "minor pause, 3 million old objects over 30,000",
    unit: "times",
    from: ["minorPauses", "ratio"],
    limit: 1.25,
    aim: 1.1,
  },
  ...PAUSES.flatMap(([from, program]): Row[] => {
    const what = `any pause, ${program}`;
    return [
      { what: `${what}: p99`, unit: "ms", from: [from, "p99"], limit: 5, aim: 1 },
      { what: `${what}: max`, unit: "ms", from: [from, "max"], limit: 10, aim: 5, unchecked: TAIL },
    ];
  }),
  ...GIBIBYTES.flatMap(([from, replaces]): Row[] => {
    const what = `1 GiB alive in 1.5 GiB, 10^9 bytes allocated, ${replaces} replaces an old one`;
    return [
      { what: `${what}: longest pause`, unit: "ms", from: [from, "max"], limit: 20 },
      { what: `${what}: footprint over live bytes`, unit: "times", from: [from, "footprint"], limit: 1.5 },
    ];
  }),
  {
    what: "survivors copied, objects of 32 bytes",
    unit: "GB/s",
    from: ["copying", "speed"],
    limit: 0.4,
    isLeast: true,
    aim: 1,
  },
  { what: "allocation in line in WebAssembly, 32 bytes", unit: "ns", from: ["allocation", "wasm"], limit: 5, aim: 2 },
  { what: "alloc() from JavaScript, 32 bytes", unit: "ns", from: ["allocation", "js"] },
  ...(
    [
      ["over the same without them, in memory used before", "mean"],
      ["over V2, which touches new pages", "overV2"],
    ] as const
  ).map(
    ([over, figure]): Row => ({
      what: `barriers and roots in programs that never collect, ${over}: geometric mean`,
      unit: "times",
      from: ["barriers", figure],
      limit: 1.08,
      aim: 1.03,
    }),
  ),
  ...BARRIER_PROGRAMS.map(
    (program): Row => ({
      what: `the same of ${program}, over the same without them`,
      unit: "times",
      from: ["barriers", program],
    }),
  ),
  ...(
    [
      ["binary trees", "treesAgainstHeap"],
      ["a table of records", "recordsAgainstHeap"],
      ["a compiler's requests (cc1)", "cc1AgainstHeap"],
      ["an interpreter's requests (python)", "pythonAgainstHeap"],
    ] as const
  ).flatMap(([what, from]): Row[] => [
    { what: `${what}, 3 x live, over frees by hand`, unit: "times", from: [from, "at3"], limit: 1.17, aim: 1 },
    { what: `${what}, 2 x live, over frees by hand`, unit: "times", from: [from, "at2"], limit: 1.7, aim: 1 },
    { what: `${what}, unbounded, over frees by hand`, unit: "times", from: [from, "unbounded"] },
    {
      what: `${what}: footprint less 8 MiB over peak live`,
      unit: "times",
      from: [from, "overBound"],
      limit: 2,
      aim: 1.5,
    },
    { what: `${what}: footprint over peak live`, unit: "times", from: [from, "footprint"] },
  ]),
  {
    what: "binary trees, over plain JavaScript objects",
    unit: "times",
    from: ["treesAgainstObjects", "ratio"],
    limit: 4,
    aim: 2,
  },
];
