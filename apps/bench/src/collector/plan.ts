/** How much is measured. */
export interface Plan {
  /** Old objects, few and many. */
  readonly few: number;
  readonly many: number;
  /** Minor collections of each row, the warm-up included. */
  readonly collections: number;
  /** Allocations of a churn, and of the long one with a gibibyte alive. */
  readonly churn: number;
  readonly longChurn: number;
  /** Runs of a program that count, after some that warm up; and processes for each way to run it. */
  readonly rounds: number;
  readonly processes: number;
}

export const FULL_PLAN: Plan = {
  few: 30_000,
  many: 3_000_000,
  collections: 600,
  churn: 30_000_000,
  longChurn: 16_000_000,
  rounds: 9,
  processes: 3,
};

export const QUICK_PLAN: Plan = {
  few: 30_000,
  many: 300_000,
  collections: 60,
  churn: 3_000_000,
  longChurn: 1_000_000,
  rounds: 3,
  processes: 1,
};
