import { describe, MorphError } from "./errors.ts";

/*
 * Stack overflows. One may come with any call, so whoever changes more than one thing asks first whether there is stack enough for all of it: then
 * the RangeError comes before anything has changed, and never in the middle.
 *
 * How much is enough? To run, the slow paths of a package take less than 4 KiB. But V8 compiles a function when it is called for the first time, and
 * refuses that, with the same RangeError, where less than 40 KiB are left (`kStackSpaceRequiredForCompilation` of its sources). So it may be at any time:
 * V8 throws away the bytecode of functions that did not run for some garbage collections. Only functions that ran a dozen times have machine code (of its
 * compiler Sparkplug), which it keeps.
 */

/** What an operation of one package needs, functions to compile included: 48 KiB. */
const OPERATION_WORDS = 6144;
/** What its calls may take until they reach the next package below, which asks again: 8 KiB. */
const LAYER_WORDS = 1024;
const MAX_LAYERS = 4;

/** An array for each count of layers, made when it is asked for the first time. */
const arrays: number[][] = [];

/** Its arguments are what takes the stack: the engine has room for all of them, or throws. */
const nothing = (): void => {};

/**
 * Throws the engine's RangeError unless some 48 KiB of the stack are left: enough for functions that have to be compiled, too. O(1), 2 to 4 us.
 * @param layers how many packages below may ask again in the middle of the operation, up to 4: 0 (the default) for the memory, 1 for an allocator, 2 for a user
 *   of allocators. Each is 8 KiB more.
 * @throws ERR_MORPH_INVALID_CONFIG for another number of layers
 */
export function requireStack(layers = 0): void {
  requireLayers(layers);
  arrays[layers] ??= new Array<number>(OPERATION_WORDS + layers * LAYER_WORDS).fill(0);
  nothing.apply(undefined, arrays[layers] as unknown as []);
}

function requireLayers(layers: number): void {
  if (Number.isInteger(layers) && layers >= 0 && layers <= MAX_LAYERS) return;
  throw new MorphError(
    "ERR_MORPH_INVALID_CONFIG",
    `layers: expected an integer from 0 to ${MAX_LAYERS}, got ${describe(layers)}`,
  );
}

/** How often a slow path must have run until what it calls is not compiled again. */
const COLD_RUNS = 24;
/** In so many milliseconds there are not the several garbage collections after which V8 throws bytecode away. */
const RECENT_MS = 5;

/**
 * Asks for stack as {@link requireStack} does, for a slow path that is called often: at first as much, then, when its functions have machine code, 4 KiB, which
 * takes 5 ns. Functions that run now and then get none, so that calls count only when they soon follow one another. What such a path calls seldom must be called often before, or ask by itself. The guard is a constant of its module, for where a test runner makes getters of
 * imports, one that overflows is undefined.
 */
export class StackGuard {
  private runs = 0;
  private last = 0;
  private readonly layers: number;
  private readonly coldRuns: number;
  private readonly rehearse: (() => boolean) | undefined;

  /**
   * @param coldRuns how often it asks for as much as {@link requireStack}
   * @param rehearse called at the end of the last of them, to run everything that the paths call until it has machine code; `false` when that was not possible: then it is
   *   called again after as many
   * @throws ERR_MORPH_INVALID_CONFIG
   */
  constructor(layers = 0, coldRuns: number = COLD_RUNS, rehearse?: () => boolean) {
    requireLayers(layers);
    if (!Number.isInteger(coldRuns) || (rehearse !== undefined && typeof rehearse !== "function")) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `expected an integer and a function, got ${describe(coldRuns)} and ${describe(rehearse)}`,
      );
    }
    this.layers = layers;
    this.coldRuns = coldRuns;
    this.rehearse = rehearse;
  }

  /**
   * Throws the engine's RangeError when the stack is nearly full. O(1).
   * @param value a number from 0, which no compiler can prove to be one: otherwise it would leave all of this out
   */
  require(value: number): void {
    if (this.runs < this.coldRuns) this.requireCold();
    else if (this.layers > 0) requireFrame(value);
    else requireOwnFrame(value);
  }

  private requireCold(): void {
    requireStack(this.layers);
    const now = Date.now();
    if (this.rehearse === undefined && !isRecent(now, this.last)) this.runs = 0;
    this.last = now;
    this.runs++;
    if (this.runs === this.coldRuns && this.rehearse?.() === false) this.runs = 0;
  }
}

/**
 * Asks for stack as {@link requireStack} does, for a path that comes in bursts: for 4 KiB when it ran some times just before, so that what it calls is compiled, else for as
 * much. It looks at the clock, 30 ns. A constant of its module, as a {@link StackGuard}.
 */
export class BurstGuard {
  private runs = 0;
  private now = 0;
  private last = 0;
  private readonly layers: number;

  /** @throws ERR_MORPH_INVALID_CONFIG */
  constructor(layers = 0) {
    requireLayers(layers);
    this.layers = layers;
  }

  /** As {@link StackGuard.require}. O(1). */
  require(value: number): void {
    this.now = Date.now();
    if (!isRecent(this.now, this.last)) this.runs = 0;
    if (this.runs < COLD_RUNS) requireStack(this.layers);
    else requireFrame(value);
  }

  /** The path has run to its end: only then has it called everything. O(1). */
  ran(): void {
    if (!isRecent(this.now, this.last)) this.runs = 0;
    this.last = this.now;
    this.runs++;
  }
}

/** Whether a time is just behind another; clocks may be set back. */
function isRecent(now: number, before: number): boolean {
  return now >= before && now - before <= RECENT_MS;
}

/**
 * The frame of this function takes 4 KiB, in optimized code too, because V8 checks for the frame that the function would need there without. It must be longer than the
 * 460 bytes of bytecode that V8 compiles into others: those may be entered in the middle of a loop, where nothing is checked.
 */
function requireFrame(value: number): void {
  if (value < 0) {
    // biome-ignore format: one argument is one word of the frame.
    throw new RangeError(String(Math.max(value,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    )));
  }
}

/** The same with 3 KiB, for the memory, which allocators call after they have asked for 4. */
function requireOwnFrame(value: number): void {
  if (value < 0) {
    // biome-ignore format: one argument is one word of the frame.
    throw new RangeError(String(Math.max(value,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    )));
  }
}
