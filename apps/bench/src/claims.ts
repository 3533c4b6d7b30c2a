import { BASELINE, REFERENCE } from "./catalogue/contenders.js";
import { type Entry, measured } from "./run/entry.js";
import { medianOfProcesses, timesAsFast } from "./stats.js";

/** Something the original's documents say of itself. Quoted, not measured; on which machine is not said there. */
export interface Claim {
  readonly what: string;
  readonly unit: string;
  readonly claimed: number;
  /** What is set against it, and how it is to be read. */
  readonly note: string;
  readonly scenario: string;
  /** Who is measured: ours as a constant, ours as a parameter, and native code of the same design. */
  readonly constant?: string;
  readonly parameter?: string;
  readonly reference?: string;
  measure(entry: Entry, entries: readonly Entry[]): number | undefined;
}

/** A claim and what was measured; what was not has no figure. */
export interface Claimed {
  readonly claim: Claim;
  readonly constant?: number;
  readonly parameter?: number;
  readonly reference?: number;
}

const NANOSECONDS_IN_A_MILLISECOND = 1e6;
const KILOBYTE = 1000;

const timesMalloc = (entry: Entry, entries: readonly Entry[]): number | undefined => {
  const base = measured(entries, BASELINE, entry.scenario.id);
  return base === undefined ? undefined : timesAsFast(base.rounds, entry.rounds).value;
};

const perMillisecond = ({ rounds }: Entry): number => NANOSECONDS_IN_A_MILLISECOND / medianOfProcesses(rounds);

const kilobytes = (bytes: number | undefined): number | undefined =>
  bytes === undefined ? undefined : bytes / KILOBYTE;

const contexts = { constant: "context-constant", parameter: "context-parameter", reference: REFERENCE } as const;

/** The claims, in the order of the report. */
export const claims: readonly Claim[] = [
  {
    what: "pool against malloc",
    unit: "times as fast as malloc",
    claimed: 3.1,
    note: "Pool in batch64; the C reference has no pool of its own to set against it",
    scenario: "batch64",
    constant: "pool-constant",
    parameter: "pool-parameter",
    measure: timesMalloc,
  },
  {
    what: "second benchmark, throughput",
    unit: "operations/ms",
    claimed: 1_111,
    note: "Pool in rounds100; an allocation and its free count as one operation, the reading that is harder on us",
    scenario: "rounds100",
    constant: "pool-constant",
    parameter: "pool-parameter",
    measure: perMillisecond,
  },
  {
    what: "third benchmark, throughput, steady",
    unit: "allocations/ms",
    claimed: 850,
    note: "context in objects40k",
    scenario: "objects40k",
    ...contexts,
    measure: perMillisecond,
  },
  {
    what: "third benchmark, throughput, fresh memory",
    unit: "allocations/ms",
    claimed: 850,
    note: "context in objects40k-fresh; which of the two the original measured is not said",
    scenario: "objects40k-fresh",
    parameter: "context-parameter",
    reference: REFERENCE,
    measure: perMillisecond,
  },
  {
    what: "third benchmark, pool",
    unit: "KB",
    claimed: 920,
    note: "bytes asked for that the pool serves, 1,000 to a KB: 10,000 x (16 + 24 + 32); headers and slots not counted",
    scenario: "objects40k",
    ...contexts,
    measure: ({ ready }) => kilobytes(ready.poolBytes),
  },
  {
    what: "third benchmark, arena",
    unit: "KB",
    claimed: 5_120,
    note: "bytes asked for that the arena serves: 10,000 x 512; headers not counted",
    scenario: "objects40k",
    ...contexts,
    measure: ({ ready }) => kilobytes(ready.arenaBytes),
  },
  {
    what: "chess test, slots reused",
    unit: "%",
    claimed: 100,
    note: "30 moves of 12 B made, undone in reverse and made again",
    scenario: "chess",
    parameter: "context-parameter",
    reference: REFERENCE,
    measure: ({ ready }) => (ready.reused === undefined ? undefined : ready.reused * 100),
  },
];

/** Sets the measured figures beside the claims. */
export const claimed = (entries: readonly Entry[]): Claimed[] =>
  claims.map((claim) => {
    const found: { constant?: number; parameter?: number; reference?: number } = {};
    for (const way of ["constant", "parameter", "reference"] as const) {
      const contender = claim[way];
      const entry = contender === undefined ? undefined : measured(entries, contender, claim.scenario);
      const figure = entry === undefined ? undefined : claim.measure(entry, entries);
      if (figure !== undefined) found[way] = figure;
    }
    return { claim, ...found };
  });

/** Whether anything was measured beside it. */
export const isMeasured = ({ constant, parameter, reference }: Claimed): boolean =>
  [constant, parameter, reference].some((figure) => figure !== undefined);
