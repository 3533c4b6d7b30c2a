/** What a scenario does; the worker and the C program each have one loop for each kind. */
export type Kind =
  | "batch"
  | "fresh"
  | "lifo"
  | "random"
  // The same of sizes that pools do not serve.
  | "random-large"
  | "grow"
  | "arena"
  | "replay"
  | "slots"
  // C code, in a WebAssembly module or native.
  | "c-calls"
  | "c-program"
  // Objects with a type, through a context.
  | "typed-batch"
  | "typed-lifo"
  | "objects"
  | "objects-fresh"
  | "locked"
  | "statistics"
  | "reuse"
  // Fields of structs that are there already.
  | "struct-sum"
  | "struct-step"
  // Offsets without bytes.
  | "ranges"
  | "fill"
  // Numbers and text that are there already.
  | "numbers"
  | "text"
  | "text-mixed";

/** One workload. The numbers are passed to every contender, native ones too, so that nobody can run another size. */
export interface Scenario {
  readonly id: string;
  /** A few words for an axis. */
  readonly name: string;
  readonly title: string;
  /** One sentence for the reader of the table. */
  readonly what: string;
  /** Scenarios of one group are interleaved with each other: they are compared with each other. */
  readonly group: string;
  readonly kind: Kind;
  /** Bytes asked for; 0 where the sizes vary. */
  readonly size: number;
  /**
   * Where `size` is 0: several sizes, one after the other, each for a whole batch; of a random replacement and of what grows
   * the smallest and the largest.
   */
  readonly sizes?: readonly number[];
  /** Objects allocated before any is freed. */
  readonly batch: number;
  /** How often that is done in one repetition. */
  readonly times: number;
  /** Other objects of the same size that stay live meanwhile. */
  readonly resident: number;
  /** Objects live in a random replacement; types in use where statistics are asked for. */
  readonly live: number;
  /** Threads that do the work at once. */
  readonly workers: number;
  /** Path of the trace, for a replay. */
  readonly trace?: string;
  /** Whether our memory starts small and has grown before anything is timed. */
  readonly grown?: boolean;
  /** The allocator that is held as a constant of a module, where one is: see worker/subjects/constant.ts. */
  readonly held?: string;
  /** So many times as many fresh processes: where contenders lie closer together than one's processes do. */
  readonly processFactor?: number;
}

const MILLION = 1_000_000;

/** What is counted once instead of timed. */
const COUNTED_ONCE: readonly Kind[] = ["slots", "reuse", "fill"];

/** Whether rounds are timed, or only memory, or a share, is counted. */
export const isTimed = (scenario: Scenario): boolean => !COUNTED_ONCE.includes(scenario.kind);

/** Whether a million objects have to be made before anything is timed. */
export const isLarge = ({ resident, live }: Scenario): boolean => resident + live >= MILLION;

/** Whether memory is reported. */
export const isCounted = ({ kind }: Scenario): boolean =>
  kind === "slots" || kind === "replay" || kind === "objects" || kind === "c-program";

/** What a share is reported of, where one is. */
export const shareOf = ({ kind }: Pick<Scenario, "kind">): string | undefined =>
  kind === "reuse" ? "slots reused" : kind === "fill" ? "space in use" : undefined;

/** Whether it is measured in new processes too, which have done nothing before. */
export const isMeasuredCold = ({ kind }: Scenario): boolean => kind === "replay" || kind === "c-program";

const CONTEXT_KINDS: readonly Kind[] = [
  "typed-batch",
  "typed-lifo",
  "objects",
  "objects-fresh",
  "locked",
  "statistics",
  "reuse",
];

/** Whether it is of numbers that are there already, so that the reference for its ratios is a typed array. */
export const isOfNumbers = ({ kind }: Scenario): boolean =>
  kind === "struct-sum" || kind === "struct-step" || kind === "numbers";

/** Whether it is of text, so that the reference for its ratios is TextDecoder. */
export const isOfText = ({ kind }: Scenario): boolean => kind === "text" || kind === "text-mixed";

/** Whether it is of objects with a type, so that the reference for its ratios is a context too. */
export const isOfContext = (scenario: Scenario): boolean => CONTEXT_KINDS.includes(scenario.kind);
