/** How long and how often things are measured. */
export interface Settings {
  readonly mode: "full" | "quick" | "check";
  /** Fresh processes of each contender: the same code can fall into clusters from one process to the next. */
  readonly processes: number;
  /** The same for peers, of whom the order of magnitude is asked. */
  readonly peerProcesses: number;
  /** New processes for each cold figure. */
  readonly coldProcesses: number;
  /** Timed rounds of each process. */
  readonly rounds: number;
  /** Length of a round; repetitions are added until it is reached. */
  readonly targetMs: number;
  /** Time for the JIT, and for C's heap, to settle. */
  readonly warmMs: number;
  /** A peer that needs more than this in all, in one scenario, is stopped. */
  readonly peerBudgetMs: number;
  /** The same for ours and for native ones, which the ratios need. */
  readonly budgetMs: number;
  /** Whether peers take part where a million objects live: they need longest of all to set those up. */
  readonly peersOfMillions: boolean;
}

/** The full run: about ten minutes on two cores, the packages' own suites and what else `pnpm bench` runs included. */
export const FULL: Settings = {
  mode: "full",
  processes: 2,
  peerProcesses: 1,
  coldProcesses: 5,
  rounds: 7,
  targetMs: 10,
  warmMs: 200,
  peerBudgetMs: 20_000,
  peersOfMillions: true,
  budgetMs: 60_000,
};

/** A first impression in a minute or two: one process each, so clusters between processes do not show. */
export const QUICK: Settings = {
  mode: "quick",
  processes: 1,
  peerProcesses: 1,
  coldProcesses: 3,
  rounds: 7,
  targetMs: 4,
  warmMs: 60,
  peerBudgetMs: 900,
  peersOfMillions: false,
  budgetMs: 20_000,
};

/** The floors: fewer contenders, so there is time for more processes. There is no floor of anything cold. */
export const CHECK: Settings = {
  mode: "check",
  processes: 5,
  peerProcesses: 5,
  coldProcesses: 0,
  rounds: 15,
  targetMs: 12,
  warmMs: 250,
  peerBudgetMs: 20_000,
  peersOfMillions: true,
  budgetMs: 60_000,
};
