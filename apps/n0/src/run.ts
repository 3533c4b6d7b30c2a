/** Runs a module in this thread, on one of the allocators. */
import { LinearMemory } from "@morph/memory";
import {
  type AllocatorName,
  type AllocatorStats,
  BOX,
  type ByteWriter,
  createRuntime,
  type GcOptions,
  type MorphTypeInfo,
  type Recorder,
  type Runtime,
  type V1Options,
} from "n0-runtime";
import { isForCollector, type Manifest, readManifest } from "./codegen/manifest.ts";
import { BASE, RESULT, STACK_LIMIT, STACK_POINTER } from "./codegen/names.ts";
import { asFailure, type ProgramFailure } from "./run-failure.ts";
import { hostFunctions } from "./run-host.ts";
import { Scheduler } from "./run-threads.ts";
import { DEEPEST, formatTrace, type TraceFrame, traceOf } from "./trace.ts";

/** How to run a module. */
export interface RunOptions {
  /** Default: `"gc"` for a module that was made for it, else `"v2"`. */
  readonly allocator?: AllocatorName;
  /** Bytes the memory never grows past; rounded down to whole pages of 64 KiB. Default and most: 4 GiB. */
  readonly maxMemory?: number;
  /** Where stdout goes. Default: file descriptor 1. */
  readonly stdout?: ByteWriter;
  /** What `os.Args` holds. Default: nothing. */
  readonly args?: readonly string[];
  /** Told of every call of the runtime; the module has to be generated with `recorded`. */
  readonly recorder?: Recorder;
  readonly v1?: V1Options;
  /** What of the collector can be asked for; for `"gc"` only. */
  readonly gc?: GcOptions;
  /**
   * For benchmarks: is told after each run how long it took, may collect, and says whether the program is run again, in the same memory. Not for programs that use threads. Default: it is
   * run once.
   */
  readonly again?: (milliseconds: number, runtime: Runtime) => boolean;
}

/** How a program ended. */
export interface RunResult {
  readonly exitCode: number;
  /** What stderr should show; null when the program did not fail, or when nobody is there to read. */
  readonly failure: string | null;
  /** Lines that stderr should show below it: the calls that had not ended, innermost first. */
  readonly trace: readonly string[];
  /** What to do about the failure, where that can be said. */
  readonly help: string | null;
  /** What the allocator holds at the end; null when there was not even memory to start with. */
  readonly stats: AllocatorStats | null;
  /** From the first statement to the end; of the last run. */
  readonly milliseconds: number;
}

/** Options with who allocates. */
type MadeOptions = RunOptions & { readonly allocator: AllocatorName };

const PAGE = 65536;
const MIB = 1024 * 1024;
/** Enough for 100,000 calls deep with 80 references each. It is not touched before it is used. */
const STACK_BYTES = 64 * MIB;
/** A recorder keeps tables for each page. */
const RECORDED_STACK_BYTES = 8 * MIB;
/** A memory that does not grow keeps typed arrays fast, and pages that nobody touched are not there: so it starts large. */
const INITIAL_PAGES = (256 * MIB) / PAGE;
/** The type handles that V2's headers can tell apart, without those of the runtime and the one that `bytes.New` registers. */
const MOST_V2_TYPES = 126 - BOX;

/**
 * Runs a program to its end. It may call itself about as deep as this thread's stack allows; see `runInWorker`.
 *
 * @param bytes what `generateModule` made
 * @throws Error when it is not such a module; the program's own failures are in the result
 */
export function runModule(bytes: Uint8Array<ArrayBuffer>, given: RunOptions = {}): RunResult {
  const { module, manifest } = loadModule(bytes);
  const options = { ...given, allocator: allocatorFor(manifest, given.allocator) };
  if (options.recorder !== undefined && !manifest.recorded) {
    throw new Error("the module was built without recording, so it cannot be recorded");
  }
  if (options.again !== undefined && manifest.threads) throw new Error("a program that uses threads is run once");
  let runtime: Runtime | null = null;
  let failure: ProgramFailure | null = null;
  let milliseconds = 0;
  let trace: readonly TraceFrame[] = [];
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = DEEPEST;
  try {
    runtime = makeRuntime(options);
    const start = prepare(module, manifest, runtime, options);
    for (let isLast = false; !isLast; ) {
      const from = performance.now();
      try {
        start();
      } finally {
        milliseconds = performance.now() - from;
      }
      isLast = options.again?.(milliseconds, runtime) !== true;
    }
  } catch (error) {
    failure = asFailure(error);
    trace = traceOf(error, module, manifest);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  try {
    runtime?.flush();
  } catch (error) {
    failure ??= asFailure(error);
  }
  return {
    exitCode: failure?.exitCode ?? 0,
    failure: failure === null || failure.message === "" ? null : `Runtime error: ${placed(failure, trace)}`,
    trace: failure === null || failure.message === "" ? [] : formatTrace(trace),
    help: failure?.outOfMemory === true ? helpOf(options) : null,
    stats: runtime?.stats() ?? null,
    milliseconds,
  };
}

/**
 * Who allocates: what was asked for, when the module is made for it.
 * @throws Error when it is not
 */
function allocatorFor(manifest: Manifest, asked: AllocatorName | undefined): AllocatorName {
  const moves = isForCollector(manifest);
  const allocator = asked ?? (moves ? "gc" : "v2");
  if (moves === (allocator === "gc")) return allocator;
  throw new Error(
    moves
      ? `the module was built for the allocator gc, not for ${allocator}: build it with --allocator ${allocator}`
      : "the module was built for the allocators v1 and v2, not for gc: build it with --allocator gc",
  );
}

/** What to do when the memory is full. V2 gives nothing back, so a loop that makes garbage fills any memory. V1 is the original's. */
function helpOf({ allocator, maxMemory = 2 ** 32 }: MadeOptions): string {
  const more = maxMemory < 2 ** 32 ? "; a larger --max-memory lets it make more" : "";
  switch (allocator) {
    case "gc":
      return `all that is left is in use${more}`;
    case "v1":
      return `v1 collects after every 8 to 64 MiB of new objects, not when the memory is full; --allocator gc collects then, too${more}`;
    default:
      return `v2 frees nothing before the program ends: --allocator gc collects what is not used any more${more}`;
  }
}

/** The message with the place where the runtime failed: what the module found itself has it already. */
function placed({ message, hasPlace }: ProgramFailure, [innermost]: readonly TraceFrame[]): string {
  if (hasPlace || innermost === undefined) return message;
  const { file, line } = innermost;
  const [what, ...details] = message.split(": ");
  return [`${what} at ${line === 0 ? file : `${file}:${line}`}`, ...details].join(": ");
}

/** @throws Error when the bytes are no module, or none of ours */
function loadModule(bytes: Uint8Array<ArrayBuffer>): { module: WebAssembly.Module; manifest: Manifest } {
  let module: WebAssembly.Module;
  try {
    module = new WebAssembly.Module(bytes);
  } catch (error) {
    throw new Error(`not a module this engine can run: ${(error as Error).message}`);
  }
  const manifest = readManifest(module);
  if (manifest === null) throw new Error("not a module that this version of n0 has built");
  return { module, manifest };
}

function makeRuntime({ allocator, maxMemory = 2 ** 32, stdout, args, recorder, v1, gc }: MadeOptions): Runtime {
  const maxPages = Math.min(Math.max(Math.floor(maxMemory / PAGE), 1), 65536);
  const initialPages = Math.min(INITIAL_PAGES, maxPages);
  return createRuntime({
    allocator,
    memory: new LinearMemory({ initialPages, maxPages }),
    ...(stdout === undefined ? {} : { stdout }),
    ...(args === undefined ? {} : { args }),
    ...(recorder === undefined ? {} : { recorder }),
    ...(v1 === undefined ? {} : { v1 }),
    ...(allocator === "gc" ? { gc: { stackBytes: stackBytesOf(maxMemory, STACK_BYTES), ...gc } } : {}),
  });
}

/** Places the module in the memory. @returns what runs it */
function prepare(module: WebAssembly.Module, manifest: Manifest, runtime: Runtime, options: MadeOptions): () => void {
  const { allocator, maxMemory = 2 ** 32, recorder } = options;
  const handles = registerTypes(runtime, manifest.types, allocator, recorder !== undefined);
  const region = runtime.acquireRegion(manifest.regionBytes);
  const moves = isForCollector(manifest);
  const stackBytes = stackBytesOf(maxMemory, recorder === undefined ? STACK_BYTES : RECORDED_STACK_BYTES);
  // A recording knows no shadow stack.
  const onShadowStack = moves && !manifest.recorded;
  const stack = onShadowStack ? 0 : runtime.acquireRegion(stackBytes, false);
  const scheduler = manifest.threads ? new Scheduler(runtime, stackBytes) : null;
  const functions = scheduler?.functions(manifest) ?? hostFunctions(runtime, manifest);
  const n0 = { [BASE]: region, [RESULT]: runtime.resultCell, ...functions };
  const instance = new WebAssembly.Instance(module, { ...runtime.imports(), n0 });
  const words = moves ? handles.flatMap((handle) => [handle, runtime.cursorOf(handle)]) : handles;
  runtime.memory.i32.set(words, region / 4);
  if (!onShadowStack) {
    const exports = instance.exports as Record<string, WebAssembly.Global>;
    exports[STACK_POINTER]!.value = stack;
    exports[STACK_LIMIT]!.value = stack + stackBytes;
  }
  if (scheduler !== null) return () => scheduler.run(instance, onShadowStack);
  return instance.exports.start as () => void;
}

/** Bytes for the references in the program's calls. A small memory gives an eighth. */
function stackBytesOf(maxMemory: number, most: number): number {
  return Math.min(most, Math.max(Math.floor(maxMemory / 8 / PAGE), 1) * PAGE);
}

/** The handles of the types. V2 knows 127, so what is more shares one; it traces nothing. */
function registerTypes(
  runtime: Runtime,
  types: readonly MorphTypeInfo[],
  allocator: AllocatorName,
  recorded: boolean,
): number[] {
  if (allocator !== "v2" || types.length <= MOST_V2_TYPES) return types.map((type) => runtime.registerType(type));
  if (recorded) throw new Error(`the program has ${types.length} types, too many to record on V2; record it on V1`);
  const known = types.slice(0, MOST_V2_TYPES - 1).map((type) => runtime.registerType(type));
  const other = runtime.registerType({ name: "other types", size: 0, pointerOffsets: [] });
  return types.map((_, i) => known[i] ?? other);
}
