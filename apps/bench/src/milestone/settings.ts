import { compiler, frontEnd, literalsOnce, type MilestoneProgram, OTHERS, SIZES, STYLES } from "./programs.js";

/** How much of the milestone a run is of. */
export type MilestoneMode = "quick" | "bounded" | "full" | "check";

/** How a run measures. */
export interface MilestoneSettings {
  readonly mode: MilestoneMode;
  readonly programs: readonly MilestoneProgram[];
  /** Processes of each allocator; the best counts. */
  readonly processes: number;
  /** A process that needs longer is stopped. */
  readonly limitMs: number;
  /** The same for V1, whose time is quadratic once it has collected. */
  readonly limitV1Ms: number;
  /** A program with more allocations is not recorded: a recording takes some 100 bytes for each, and several times that when decoded. */
  readonly mostRecorded: number;
}

const frontEnds = (sizes: readonly number[]): MilestoneProgram[] =>
  STYLES.flatMap((style) => sizes.map((lines) => frontEnd(style, lines)));

const without = (...ids: readonly string[]): MilestoneProgram[] => OTHERS.filter(({ id }) => !ids.includes(id));

/** The settings of each mode. */
export const SETTINGS: Readonly<Record<MilestoneMode, MilestoneSettings>> = {
  quick: {
    mode: "quick",
    programs: [
      ...frontEnds([100, 1_000]),
      ...[100, 1_000].map(literalsOnce),
      compiler(1_000),
      ...without("stack_undo", "maps"),
    ],
    processes: 1,
    limitMs: 10_000,
    limitV1Ms: 3_000,
    mostRecorded: 200_000,
  },
  bounded: {
    mode: "bounded",
    programs: [...frontEnds(SIZES), ...SIZES.map(literalsOnce), ...[1_000, 10_000].map(compiler), ...OTHERS],
    processes: 1,
    limitMs: 30_000,
    limitV1Ms: 3_000,
    mostRecorded: 300_000,
  },
  full: {
    mode: "full",
    programs: [...frontEnds(SIZES), ...SIZES.map(literalsOnce), ...[1_000, 10_000, 50_000].map(compiler), ...OTHERS],
    processes: 3,
    limitMs: 600_000,
    limitV1Ms: 120_000,
    mostRecorded: 1_500_000,
  },
  check: {
    mode: "check",
    programs: [...frontEnds([1_000, 10_000, 50_000]), literalsOnce(1_000), ...OTHERS],
    processes: 3,
    limitMs: 60_000,
    limitV1Ms: 3_000,
    mostRecorded: 300_000,
  },
};
