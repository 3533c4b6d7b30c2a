import { isOfContext, isOfNumbers, isOfText, type Kind, type Scenario } from "./scenario.js";

/** Allocator libraries that replace the C library's malloc under the same C program. */
export type Preload = "mimalloc" | "jemalloc" | "tcmalloc";

/** The C programs: what calls malloc, and what calls our C reference of a context. */
export type Program = "bench" | "context";

/** Allocators whose subject, which passes them as a parameter, is also run as a constant of the module. */
export type Held = "pool" | "manager" | "heap" | "arena";

/** A module of the worker. */
interface JsLaunch {
  readonly type: "js";
  readonly module: string;
  readonly grown?: true;
  readonly held?: Held;
}

/** How a contender is started: a module of the worker, or a C program with or without another malloc under it. */
export type Launch =
  | JsLaunch
  | { readonly type: "native"; readonly program: Program; readonly preload?: Preload; readonly bump?: true };

/** One allocator, held in one way. */
export interface Contender {
  readonly id: string;
  readonly label: string;
  readonly ours: boolean;
  /** Something of ours that is measured only to be set against something else of ours. */
  readonly probe?: true;
  readonly kinds: readonly Kind[];
  readonly launch: Launch;
}

/** Native malloc, the contender that ratios refer to. */
export const BASELINE = "native";

/** Our C reference of a context, which they refer to where objects have a type. */
export const REFERENCE = "native-context";

/** A typed array with indexes written by hand, which they refer to where only fields are read and written. */
export const BY_HAND = "by-hand";

/** A memory's view that is read before a loop, beside those that are read in it. */
export const VIEW_ONCE = "view-once";

/** The engine's TextDecoder over the bytes, which they refer to where text is read. */
export const DECODER = "text-decoder";

/** Whose footprint is drawn over time, beside the live bytes. */
export const DRAWN: readonly string[] = ["heap-parameter", BASELINE];

/** The contender that a scenario's ratios refer to. */
export const baselineOf = (scenario: Scenario): string =>
  isOfNumbers(scenario) ? BY_HAND : isOfText(scenario) ? DECODER : isOfContext(scenario) ? REFERENCE : BASELINE;

/** What the tables call that contender. */
export const OPPONENTS: Readonly<Record<string, string>> = {
  [BASELINE]: "malloc",
  [REFERENCE]: "the C context",
  [BY_HAND]: "indexes by hand",
  [DECODER]: "TextDecoder",
};

type JsContender = Contender & { readonly launch: JsLaunch };

const js = (id: string, label: string, kinds: readonly Kind[]): JsContender => ({
  id,
  label,
  ours: false,
  kinds,
  launch: { type: "js", module: id },
});
const morph = (id: string, label: string, kinds: readonly Kind[]): JsContender => ({
  ...js(id, label, kinds),
  ours: true,
});
const probe = (id: string, label: string, kinds: readonly Kind[]): Contender => ({
  ...morph(id, label, kinds),
  probe: true,
});
/** The same allocator as in `HELD-parameter`, but held as a constant of a module. */
const constant = (held: Held, label: string, kinds: readonly Kind[]): JsContender => ({
  ...morph(`${held}-constant`, label, kinds),
  launch: { type: "js", module: "constant", held },
});
/** The same module on a memory that has grown. */
const grown = (contender: JsContender, kinds: readonly Kind[]): Contender => ({
  ...contender,
  id: `${contender.id}-grown`,
  label: `${contender.label}, its memory grown`,
  kinds,
  launch: { ...contender.launch, grown: true },
});
const native = (id: string, label: string, preload?: Preload): Contender => ({
  id,
  label,
  ours: false,
  kinds: [
    "batch",
    "fresh",
    "lifo",
    "random",
    "random-large",
    "grow",
    "arena",
    "replay",
    "slots",
    "c-calls",
    "c-program",
  ],
  launch: { type: "native", program: "bench", ...(preload !== undefined && { preload }) },
});

const poolConstant = constant("pool", "morph Pool, a constant of the module", ["batch", "lifo"]);
const poolParameter = morph("pool-parameter", "morph Pool, passed as a parameter", ["batch", "fresh", "lifo", "slots"]);

const heapConstant = constant("heap", "morph Heap, a constant of the module", ["random", "random-large", "replay"]);

const STRUCT_KINDS: readonly Kind[] = ["struct-sum", "struct-step"];
const structCursor = morph("struct-cursor", "morph struct, a cursor", STRUCT_KINDS);
const byHand = js(BY_HAND, "typed arrays, indexes by hand", [...STRUCT_KINDS, "numbers"]);

const TEXT_KINDS: readonly Kind[] = ["text", "text-mixed"];
const blockView = morph("block-view", "morph block, its view read once", ["numbers"]);
const viewOnce = morph(VIEW_ONCE, "morph memory, the view read once", ["numbers"]);
const viewEach = morph("view-each", "morph memory, the view read for each number", ["numbers"]);

const locked = morph("context-locked", "morph MemoryContext on shared memory, locked", ["locked"]);
const malloc = native(BASELINE, "native malloc");

const bundled = probe("pool-bundled", "morph Pool, bundled by esbuild, a constant in a function", ["batch", "lifo"]);

/** Every contender, in the order of the report. */
export const contenders: readonly Contender[] = [
  poolConstant,
  grown(poolConstant, ["batch", "lifo"]),
  bundled,
  poolParameter,
  grown(poolParameter, ["batch", "lifo"]),
  constant("manager", "morph PoolManager, a constant of the module", ["batch", "lifo", "random"]),
  morph("manager-parameter", "morph PoolManager, passed as a parameter", ["batch", "lifo", "random"]),
  heapConstant,
  grown(heapConstant, ["random-large"]),
  morph("heap-parameter", "morph Heap, passed as a parameter", [
    "batch",
    "fresh",
    "lifo",
    "random",
    "random-large",
    "grow",
    "replay",
    "slots",
  ]),
  morph("c-heap", "C module on a morph Heap's wasmImports()", ["c-calls", "c-program"]),
  probe("c-border", "C module on empty imports: the border alone", ["c-calls"]),
  {
    ...probe("c-own-border", "wasi-libc's malloc linked in, an empty import before each call", ["c-program"]),
    launch: { type: "js", module: "c-border" },
  },
  constant("arena", "morph Arena, a constant of the module", ["arena"]),
  morph("arena-parameter", "morph Arena, passed as a parameter", ["arena"]),
  morph("ranges", "morph Ranges, passed as a parameter", ["ranges", "fill"]),
  morph("pool-and-arena", "morph PoolManager to 256 B, Arena above", ["replay"]),
  morph("context-constant", "morph MemoryContext, a constant of the module", ["typed-batch", "typed-lifo", "objects"]),
  morph("context-parameter", "morph MemoryContext, passed as a parameter", [
    "typed-batch",
    "typed-lifo",
    "objects",
    "objects-fresh",
    "replay",
    "statistics",
    "reuse",
  ]),
  morph("context-runtime", "morph MemoryContext in RUNTIME mode", ["replay"]),
  locked,
  { ...probe("context-alone", `${locked.label}, one thread`, ["typed-batch", "typed-lifo"]), launch: locked.launch },
  {
    id: REFERENCE,
    label: "native context (our C reference)",
    ours: false,
    kinds: ["typed-batch", "typed-lifo", "objects", "objects-fresh", "replay", "locked", "statistics", "reuse"],
    launch: { type: "native", program: "context" },
  },
  { ...malloc, kinds: [...malloc.kinds, "ranges", "typed-batch", "typed-lifo", "objects", "objects-fresh", "locked"] },
  native("mimalloc", "native mimalloc", "mimalloc"),
  native("jemalloc", "native jemalloc", "jemalloc"),
  native("tcmalloc", "native tcmalloc", "tcmalloc"),
  {
    ...native("bump", "native bump pointer"),
    kinds: ["arena"],
    launch: { type: "native", program: "bench", bump: true },
  },
  js("c-own", "C module with wasi-libc's malloc linked in", ["c-calls", "c-program"]),
  js("thi-ng", "@thi.ng/malloc", ["batch", "fresh", "lifo", "random", "random-large", "grow", "arena", "replay"]),
  js("tlsf", "AssemblyScript TLSF, called from JS", [
    "batch",
    "fresh",
    "lifo",
    "random",
    "random-large",
    "grow",
    "arena",
    "replay",
    "slots",
  ]),
  js("tlsf-inside", "AssemblyScript TLSF, looped in wasm", ["batch", "lifo", "random", "random-large"]),
  structCursor,
  grown(structCursor, STRUCT_KINDS),
  morph("struct-array", "morph struct, an array", STRUCT_KINDS),
  morph("struct-fields", "morph struct, single fields by pointer", STRUCT_KINDS),
  morph("struct-columns", "morph struct, in columns", STRUCT_KINDS),
  byHand,
  grown(byHand, byHand.kinds),
  blockView,
  grown(blockView, blockView.kinds),
  morph("block-view-each", "morph block, its view read for each number", ["numbers"]),
  viewOnce,
  grown(viewOnce, viewOnce.kinds),
  viewEach,
  grown(viewEach, viewEach.kinds),
  morph("view-each-shared", "morph shared memory, the view read for each number", ["numbers"]),
  morph("text-read", "morph readUtf8", TEXT_KINDS),
  morph("text-read-shared", "morph readUtf8 from shared memory", TEXT_KINDS),
  js(DECODER, "TextDecoder over the bytes", TEXT_KINDS),
  js("particle-objects", "plain objects in an array", STRUCT_KINDS),
  js("free-list", "a sorted array of free ranges, first fit", ["ranges", "fill"]),
  js("objects", "plain objects of 8 fields", ["batch", "lifo", "random", "arena"]),
  js("reused-objects", "an array of reused objects", ["batch", "lifo", "random"]),
  js("uint8array", "new Uint8Array(n)", ["batch", "lifo", "random", "random-large", "grow", "arena", "replay"]),
  js("allocunsafe", "Buffer.allocUnsafe(n)", ["batch", "lifo", "random", "random-large", "grow", "arena", "replay"]),
];

/** Those that can run the scenario. */
export const contendersOf = (scenario: Scenario): readonly Contender[] =>
  contenders.filter((contender) => contender.kinds.includes(scenario.kind));

/** Whether it is an allocator of others in JavaScript or WebAssembly, or what one would do without an allocator. */
export const isPeer = ({ ours, launch }: Contender): boolean => !ours && launch.type === "js";
