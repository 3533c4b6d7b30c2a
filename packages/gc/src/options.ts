import { type AddressSpace, describe, MorphError, PAGE_BYTES, requireOptions } from "@morph/memory";
import { SEGMENT_BYTES } from "./layout.ts";

/** The memory contract this package was written against; see CONTRACT_VERSION of `@morph/memory`. */
export const CONTRACT = 1;

/** How to make a {@link Collector}. */
export interface CollectorOptions {
  /** The memory to take pages from. Default: a new one of its own. */
  memory?: AddressSpace;
  /** Bytes of the nursery, where objects are born: a multiple of 256 KiB, up to 64 MiB. Default 1 MiB. */
  nurseryBytes?: number;
  /** Bytes of pages and tables, nursery included, that the collector never takes more than. Default: what the memory has. */
  maxBytes?: number;
  /**
   * How long a pause should be at most, in milliseconds: more than 0. Slices of major collections end then; when minor ones would take three times as long, less of the nursery is
   * used, 256 KiB at least, and more again later. With Infinity all of the nursery is used from the start. Default 1.
   */
  pauseTargetMs?: number;
  /** Bytes of the shadow stack: a multiple of 64, up to 16 MiB. Default 256 KiB. */
  stackBytes?: number;
  /**
   * Called when a full collection found too little, before ERR_MORPH_OUT_OF_MEMORY, with the footprint and the bytes that are missing. It may release handles and
   * roots, and memory of other allocators; then there is one more attempt.
   */
  onMemoryPressure?: (footprint: number, missing: number) => void;
  /** Notes for each handle where it was made, for {@link Collector.handles}. Takes microseconds a handle. Default false. */
  traceHandles?: boolean;
  /**
   * For tests: a minor collection at each n-th allocation, with a very small step of a major one, which is always under way; and with evacuation at every 64th of these. Default 0, none. No allocation is done by generated code
   * then, because every cursor stands at its limit.
   */
  collectEvery?: number;
  /**
   * For tests: checks everything after each collection, and before it that each old object with a pointer to a young one was recorded by the barrier; at the
   * end of marking, that all which roots lead to is marked. What collections leave in the nursery is overwritten. Default false.
   */
  verifyAlways?: boolean;
  /**
   * For tests, with `collectEvery`: collections are minor ones only, and survivors stay in the nursery as long as they take at most half of it, so that all of them
   * move each time. Default false.
   */
  moveAlways?: boolean;
}

const NAMES: readonly (keyof CollectorOptions)[] = [
  "memory",
  "nurseryBytes",
  "maxBytes",
  "pauseTargetMs",
  "stackBytes",
  "onMemoryPressure",
  "traceHandles",
  "collectEvery",
  "verifyAlways",
  "moveAlways",
];

const MIB = 1_048_576;
const MAX_NURSERY_BYTES = 64 * MIB;
const MAX_STACK_BYTES = 16 * MIB;
const STACK_STEP = 64;
const MAX_COLLECT_EVERY = 1_000_000_000;

/** The options without `memory`, checked, with their defaults. */
export interface Settings {
  readonly nurseryBytes: number;
  readonly maxBytes: number;
  readonly pauseTargetMs: number;
  readonly stackBytes: number;
  readonly onMemoryPressure: ((footprint: number, missing: number) => void) | undefined;
  readonly traceHandles: boolean;
  readonly collectEvery: number;
  readonly verifyAlways: boolean;
  readonly moveAlways: boolean;
}

/** @throws ERR_MORPH_INVALID_CONFIG */
export function settingsOf(options: CollectorOptions): Settings {
  requireOptions(options, NAMES);
  const {
    nurseryBytes = MIB,
    maxBytes = Number.POSITIVE_INFINITY,
    pauseTargetMs = 1,
    stackBytes = SEGMENT_BYTES,
    onMemoryPressure,
    traceHandles = false,
    collectEvery = 0,
    verifyAlways = false,
    moveAlways = false,
  } = options;
  requireStep("nurseryBytes", nurseryBytes, SEGMENT_BYTES, MAX_NURSERY_BYTES);
  requireStep("stackBytes", stackBytes, STACK_STEP, MAX_STACK_BYTES);
  if (maxBytes !== Number.POSITIVE_INFINITY && (!Number.isInteger(maxBytes) || maxBytes < 1)) {
    throw refusal("maxBytes", "an integer from 1 or Infinity", maxBytes);
  }
  if (typeof pauseTargetMs !== "number" || !(pauseTargetMs > 0)) {
    throw refusal("pauseTargetMs", "a number above 0", pauseTargetMs);
  }
  if (!Number.isInteger(collectEvery) || collectEvery < 0 || collectEvery > MAX_COLLECT_EVERY) {
    throw refusal("collectEvery", `an integer from 0 to ${MAX_COLLECT_EVERY}`, collectEvery);
  }
  if (onMemoryPressure !== undefined && typeof onMemoryPressure !== "function") {
    throw refusal("onMemoryPressure", "a function", onMemoryPressure);
  }
  for (const [name, value] of Object.entries({ traceHandles, verifyAlways, moveAlways })) {
    if (typeof value !== "boolean") throw refusal(name, "a boolean", value);
  }
  return {
    nurseryBytes,
    maxBytes,
    pauseTargetMs,
    stackBytes,
    onMemoryPressure,
    traceHandles,
    collectEvery,
    verifyAlways,
    moveAlways,
  };
}

function requireStep(name: string, value: number, step: number, max: number): void {
  if (!Number.isInteger(value) || value < step || value > max || value % step !== 0) {
    throw refusal(name, `a multiple of ${step} from ${step} to ${max}`, value);
  }
}

function refusal(name: string, expected: string, got: unknown): MorphError {
  return new MorphError("ERR_MORPH_INVALID_CONFIG", `${name}: expected ${expected}, got ${describe(got)}`);
}

/** Pages of so many bytes. */
export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}
