/** What the parts of the generator share about the module they make. */

import { RUNTIME_IMPORTS, type RuntimeImport } from "n0-runtime";
import type { FunctionLiteral, Program } from "../ast.ts";
import type { GlobalSymbol } from "../symbols.ts";
import type { StructType, Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import { Effects } from "./effects.ts";
import { FixedTarget } from "./fixed-target.ts";
import { neverCollects } from "./gc/collecting.ts";
import type { Sites } from "./gc/sites.ts";
import { GcTarget } from "./gc/target.ts";
import { Image } from "./image.ts";
import { Interfaces } from "./interfaces.ts";
import { isTraced, type Layout, wasmType } from "./layout.ts";
import { Literals } from "./literals.ts";
import type { Manifest } from "./manifest.ts";
import { BASE, RESULT } from "./names.ts";
import type { Target, TargetName } from "./target.ts";

/** An expression or statement of WebAssembly; each may stand in one place only. */
export type Code = wasm.Code;

/** How to generate. */
export interface CodegenOptions {
  /** Whether each pointer the module stores is also reported to the runtime, for a recording. Default false. */
  readonly recorded?: boolean;
  /** Whether a string literal makes a new string each time it is evaluated, as the original's do. Default false: it is made once. */
  readonly literalsEachTime?: boolean;
  /** For which allocators: `"fixed"` for v1 and v2 (default), or `"gc"`. */
  readonly target?: TargetName;
  /** For benchmarks: false leaves out barriers and roots, which a program that never collects can do without. Default true. */
  readonly collects?: boolean;
}

/** A global variable: a reference lies in the region, where the collector sees it; anything else in a WebAssembly global. */
export type GlobalPlace =
  | { readonly kind: "wasm"; readonly name: string }
  | { readonly kind: "memory"; readonly offset: number };

/** One module on its way. */
export class ModuleContext {
  readonly m: wasm.Module = new wasm.Module();
  readonly program: Program;
  readonly recorded: boolean;
  readonly collects: boolean;
  readonly target: Target;
  readonly sites: Sites;
  readonly effects: Effects;
  readonly image: Image;
  readonly interfaces: Interfaces;
  readonly literals: Literals;
  readonly files: readonly string[];
  /** Where the fields of structs, and the captured values of closures lie, once somebody has asked. */
  readonly structLayouts: Map<StructType, Layout> = new Map();
  readonly environmentLayouts: Map<FunctionLiteral, Layout> = new Map();
  /** How many globals hold references. */
  readonly referenceGlobals: number;
  private readonly globals: Map<GlobalSymbol, GlobalPlace> = new Map();
  private readonly functionNames: Map<FunctionLiteral, string> = new Map();
  private readonly traceNames: { readonly name: string; readonly shown: string; readonly file: number }[] = [];
  /** Functions of the program that do not allocate, by WebAssembly name. */
  private readonly quiet: Set<string> = new Set();
  private readonly fileOf: Map<FunctionLiteral, number> = new Map();
  private readonly tableNames: string[] = [];
  private readonly tableIndexes: Map<string, number> = new Map();
  private readonly imported: Set<string> = new Set();
  private readonly returnGlobals: Set<string> = new Set();
  /** Functions of the module's own, and whether they may collect. */
  private readonly helpers: Map<string, boolean> = new Map();

  constructor(
    program: Program,
    { recorded = false, literalsEachTime = false, target = "fixed", collects = true }: CodegenOptions,
    sites: Sites,
  ) {
    this.program = program;
    this.recorded = recorded;
    this.collects = collects;
    this.sites = sites;
    this.target = target === "gc" ? new GcTarget(this) : new FixedTarget(this);
    this.literals = new Literals(this, !literalsEachTime);
    this.effects = new Effects(program, literalsEachTime);
    this.files = program.modules.map(({ file }) => file);
    let references = 0;
    let numbers = 0;
    const places: [GlobalSymbol, number][] = [];
    for (const symbol of program.modules.flatMap((module) => module.globals)) {
      if (isTraced(symbol.type)) places.push([symbol, references++]);
      else this.globals.set(symbol, { kind: "wasm", name: `g${numbers++}` });
    }
    const types = program.modules.reduce((sum, { structs, closures }) => sum + structs.length + closures.length, 0);
    this.image = new Image(types + this.target.ownTypes, this.target.typeBytes, references);
    this.interfaces = new Interfaces(this);
    this.referenceGlobals = references;
    for (const [symbol, i] of places) this.globals.set(symbol, { kind: "memory", offset: this.image.globals + i * 8 });
    program.modules.forEach(({ functions, methods, closures }, file) => {
      const literals = [...functions.map((f) => f.declaration), ...methods.map((f) => f.declaration), ...closures];
      const module = program.modules[file]!.path;
      for (const literal of literals) {
        const name = `f${this.functionNames.size}`;
        this.functionNames.set(literal, name);
        this.fileOf.set(literal, file);
        if (!this.effects.ofFunction(literal)) this.quiet.add(name);
        this.traced(name, shownName(literal, module), file);
      }
    });
  }

  /** The WebAssembly function of a Morph function. */
  functionName(literal: FunctionLiteral): string {
    return this.functionNames.get(literal)!;
  }

  /** Notes what traces and debuggers call a function of the module. */
  traced(name: string, shown: string, file: number): void {
    this.traceNames.push({ name, shown, file });
    this.m.describeFunction(name, shown === "" ? "top level" : shown);
  }

  /** All functions that a trace shows, once all are there. */
  trace(): NonNullable<Manifest["trace"]> {
    const indexes = this.m.functionIndexes();
    return this.traceNames.flatMap(({ name, shown, file }) => {
      const index = indexes.get(name);
      return index === undefined ? [] : [[index, shown, file] as const];
    });
  }

  /** Whether code is a call that may collect. */
  mayCollect({ kind, name }: Code): boolean {
    if (kind !== "call") return kind === "indirect";
    return this.helpers.get(name) ?? (!this.quiet.has(name) && !neverCollects(name));
  }

  /** The number of the file a function stands in. */
  fileNumber(literal: FunctionLiteral): number {
    return this.fileOf.get(literal)!;
  }

  /** Where a global lies. */
  placeOf(symbol: GlobalSymbol): GlobalPlace {
    return this.globals.get(symbol)!;
  }

  /** All globals with their places. */
  globalPlaces(): IterableIterator<[GlobalSymbol, GlobalPlace]> {
    return this.globals.entries();
  }

  /** Where a WebAssembly function stands in the table; 0 is nobody. */
  tableIndex(name: string): number {
    let index = this.tableIndexes.get(name);
    if (index === undefined) {
      index = this.tableNames.push(name);
      this.tableIndexes.set(name, index);
    }
    return index;
  }

  /** The functions in the table, from index 1 on. */
  tableFunctions(): readonly string[] {
    return this.tableNames;
  }

  /** The address of an offset in the region. */
  address(offset: number): Code {
    const { m } = this;
    const base = m.global.get(BASE, wasm.i32);
    return offset === 0 ? base : m.i32.add(base, m.i32.const(offset));
  }

  /** The address of the runtime's result cells. */
  result(): Code {
    return this.m.global.get(RESULT, wasm.i32);
  }

  /** A call of a runtime function, or of the module's own in its place. */
  runtime(name: string, operands: readonly Code[]): Code {
    const own = this.target.ownFunction(name);
    return own === null ? this.runtimeImport(name, operands) : this.m.call(own, operands, resultOf(name));
  }

  /** A call of a runtime function itself. */
  runtimeImport(name: string, operands: readonly Code[]): Code {
    const { params } = runtimeFunction(name);
    const type = resultOf(name);
    this.importFunction(
      name,
      "env",
      params.map(() => wasm.i32),
      type,
    );
    return this.m.call(name, operands, type);
  }

  /** A call of a function of the runner. */
  runner(name: string, operands: readonly Code[], type: wasm.Type = wasm.none): Code {
    this.importFunction(
      name,
      "n0",
      operands.map(() => wasm.i32),
      type,
    );
    return this.m.call(name, operands, type);
  }

  /** A global of the runtime that only some modules need. */
  importedGlobal(name: string): Code {
    if (!this.imported.has(name)) {
      this.imported.add(name);
      this.m.addGlobalImport(name, "env");
    }
    return this.m.global.get(name, wasm.i32);
  }

  /** The global through which a function returns the i-th part of a tuple, from 1 on. */
  returnGlobal(i: number, type: Type): { readonly name: string; readonly type: wasm.Type } {
    const own = wasmType(type);
    const name = `return${i}_${RETURN_NAMES[wasm.plainType(own)]}`;
    if (!this.returnGlobals.has(name)) {
      this.returnGlobals.add(name);
      this.m.addGlobal(name, own, zero(this.m, type));
    }
    return { name, type: own };
  }

  /** Makes a function of the module's own when it is first asked for. @param collects whether it may collect @returns its name */
  helper(name: string, make: (name: string) => void, collects = false): string {
    if (!this.helpers.has(name)) {
      this.helpers.set(name, collects);
      make(name);
    }
    return name;
  }

  private importFunction(name: string, module: string, params: wasm.Type[], result: wasm.Type): void {
    if (this.imported.has(name)) return;
    this.imported.add(name);
    this.m.addFunctionImport(name, module, params, result);
  }
}

const RETURN_NAMES: Readonly<Record<wasm.Type, string>> = { [wasm.i32]: "i32", [wasm.i64]: "i64", [wasm.f64]: "f64" };

const RUNTIME_INDEX: ReadonlyMap<string, number> = new Map(RUNTIME_IMPORTS.map(({ name }, i) => [name, i]));

function runtimeFunction(name: string): RuntimeImport {
  return RUNTIME_IMPORTS[RUNTIME_INDEX.get(name)!]!;
}

/** The type of what a runtime function returns. */
function resultOf(name: string): wasm.Type {
  const { result } = runtimeFunction(name);
  if (result === undefined) return wasm.none;
  return result === "pointer" && name !== "mph_channel_new" ? wasm.ref : wasm.i32;
}

/** A function's name in traces: of a method with its struct, of a module's function with the module. */
function shownName({ name, receiver }: FunctionLiteral, modulePath: string): string {
  if (name === "") return "closure";
  if (receiver?.type.kind === "named") return `${receiver.type.name}.${name}`;
  return modulePath === "" ? name : `${modulePath.slice(modulePath.lastIndexOf("/") + 1).replace(/\..*/, "")}.${name}`;
}

/** 0, false or null. */
export function zero(m: wasm.Module, type: Type): Code {
  switch (wasmType(type)) {
    case wasm.i64:
      return m.i64.const(0n);
    case wasm.pair:
      return wasm.typed(m.i64.const(0n), wasm.pair);
    case wasm.f64:
      return m.f64.const(0);
    default:
      return m.i32.const(0);
  }
}
