import { requireOptions } from "@morph/memory";
import { refuse } from "./refuse.ts";

/** Something that was collected without being freed. */
export interface Leak {
  /** What it was: `"Float32Array of 1000"`. */
  readonly what: string;
  /** The calls that made it, the innermost first: a stack trace's lines. */
  readonly madeAt: string;
}

/** How to make a {@link LeakGuard}. */
export interface LeakGuardOptions {
  /** Hears of each; what it throws is uncaught. Default: a line on the console. */
  onLeak?: (leak: Leak) => void;
  /**
   * Frees what was forgotten. Only right where everything guarded is freed through itself, and no allocator is reset below it: otherwise its pointer may be
   * someone else's by then. Default false.
   */
  free?: boolean;
}

/** What is kept of a guarded thing; it must not lead back to it. */
interface Held extends Leak {
  readonly release: (() => void) | undefined;
}

/**
 * Tells of blocks and other things that were collected and that nobody freed: `array(heap, Float32Array, 8, { guard })`. The engine decides when that is, and at
 * the end of a program, or where the engine has no FinalizationRegistry, it tells of none. About 10 us for each thing that is made, for its stack trace: meant for tests and development.
 */
export class LeakGuard {
  private readonly onLeak: (leak: Leak) => void;
  private readonly frees: boolean;
  private readonly registry: FinalizationRegistry<Held> | undefined;

  /** @throws ERR_MORPH_INVALID_CONFIG for an option that is unknown, or an `onLeak` that is no function */
  constructor(options: LeakGuardOptions = {}) {
    requireOptions(options, ["onLeak", "free"]);
    const { onLeak = report, free = false } = options;
    if (typeof onLeak !== "function") refuse("ERR_MORPH_INVALID_CONFIG", "onLeak: a function", onLeak);
    if (typeof free !== "boolean") refuse("ERR_MORPH_INVALID_CONFIG", "free: a boolean", free);
    this.onLeak = onLeak;
    this.frees = free;
    const isThere = typeof FinalizationRegistry === "function";
    this.registry = isThere ? new FinalizationRegistry((held) => this.tell(held)) : undefined;
  }

  /**
   * Guards a thing until {@link forget}. O(1).
   * @param target the thing: a block, or an object of your own that stands for something in the memory
   * @param what describes it
   * @param release frees it, with the option `free`. Neither this nor `what` may lead to `target`, which would then never be collected
   * @throws ERR_MORPH_INVALID_CONFIG when one of them is something else; then nothing is guarded
   */
  watch(target: object, what: string, release?: () => void): void {
    requireObject(target);
    if (typeof (release ?? report) !== "function") refuse("ERR_MORPH_INVALID_CONFIG", "release: a function", release);
    // Programs may let traces be something else than text.
    const madeAt = String(new Error().stack ?? "").replace(/^Error.*\n/, "");
    this.registry?.register(target, { what, madeAt, release }, target);
  }

  /** The thing was freed, or is somebody else's. O(1). @throws ERR_MORPH_INVALID_CONFIG when it is no object */
  forget(target: object): void {
    requireObject(target);
    this.registry?.unregister(target);
  }

  private tell({ what, madeAt, release }: Held): void {
    try {
      this.onLeak({ what, madeAt });
    } finally {
      if (this.frees) freeLeaked(release);
    }
  }
}

/** @throws ERR_MORPH_INVALID_CONFIG unless it can be collected */
function requireObject(target: unknown): void {
  if (Object(target) !== target) refuse("ERR_MORPH_INVALID_CONFIG", "target: an object", target);
}

/** Frees what was forgotten, unless it has ended with its allocator. */
function freeLeaked(release: (() => void) | undefined): void {
  try {
    release?.();
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== "ERR_MORPH_DESTROYED") throw error;
  }
}

function report({ what, madeAt }: Leak): void {
  console.warn(`Morph memory: ${what} was collected and never freed. It was made\n${madeAt}`);
}
