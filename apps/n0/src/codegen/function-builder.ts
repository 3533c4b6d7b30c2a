/** One WebAssembly function on its way: its locals, where its variables are, and the way out. */

import type { Node } from "../ast.ts";
import { LimitError, MOST_LOCALS } from "../limits.ts";
import type { LocalSymbol } from "../symbols.ts";
import type { Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import { wasmType } from "./layout.ts";
import type { Frame } from "./target.ts";

/** How a function is called. */
export interface Signature {
  readonly params: readonly wasm.Type[];
  readonly result: wasm.Type;
}

/** Where a variable lives; the slot is -1 for none. */
interface Place {
  readonly local: number;
  readonly slot: number;
}

const EXIT = "exit";

/** Locals, slots and the way out of one function. */
export class FunctionBuilder {
  readonly context: ModuleContext;
  readonly m: wasm.Module;
  /** The number of the file that failures name. */
  readonly file: number;
  /** Where the Morph code starts. */
  private readonly place: Node;
  /** The result types of the Morph function. */
  readonly results: readonly Type[];
  readonly signature: Signature;
  private readonly frame: Frame;
  private readonly locals: wasm.Type[] = [];
  private readonly purposes: string[] = [];
  private readonly free: Map<wasm.Type, number[]> = new Map();
  private readonly resultLocal: number;
  private readonly places: Map<LocalSymbol, Place> = new Map();
  /** Slots of the variables of each open block. */
  private readonly scopes: number[][] = [];
  private labels = 0;
  private exitUsed = false;

  constructor(
    context: ModuleContext,
    signature: Signature,
    options: { file: number; place: Node; results: readonly Type[]; allocates: boolean },
  ) {
    this.context = context;
    this.m = context.m;
    this.signature = signature;
    this.file = options.file;
    this.place = options.place;
    this.results = options.results;
    this.frame = context.target.frame(this, options.allocates);
    this.resultLocal = signature.result === wasm.none ? -1 : this.newLocal(signature.result);
  }

  // --- variables ---------------------------------------------------------------------------------------------------

  /** A parameter of the Morph function is the WebAssembly parameter of that index. */
  bindParameter(symbol: LocalSymbol, index: number): void {
    this.places.set(symbol, { local: index, slot: this.rootParameter(symbol.type, index) });
  }

  /** Keeps a parameter that is no Morph variable (an environment) alive. */
  rootParameter(type: Type, index: number): number {
    const slot = this.frame.slotFor(type);
    if (slot >= 0) this.frame.keepParameter(index, slot, type);
    return slot;
  }

  getVariable(symbol: LocalSymbol): Code {
    return this.m.local.get(this.placeOf(symbol).local, wasmType(symbol.type));
  }

  setVariable(symbol: LocalSymbol, value: Code): Code {
    const { local, slot } = this.placeOf(symbol);
    if (slot < 0) return this.m.local.set(local, value);
    return this.frame.set(local, slot, symbol.type, value);
  }

  /** Variables that appear from now on belong to a block: their slots are free after {@link closeScope}. */
  openScope(): void {
    this.scopes.push([]);
  }

  closeScope(): void {
    for (const slot of this.scopes.pop()!) this.giveSlot(slot);
  }

  // --- temporaries -------------------------------------------------------------------------------------------------

  /** A local for a while. */
  take(type: wasm.Type): number {
    return this.free.get(this.context.target.localType(type))?.pop() ?? this.newLocal(type);
  }

  /** Gives a local back. */
  give(local: number): void {
    const type = this.locals[local - this.signature.params.length]!;
    const list = this.free.get(type);
    if (list === undefined) this.free.set(type, [local]);
    else list.push(local);
  }

  /** A slot for a while; -1 where references need none. */
  takeSlot(): number {
    return this.frame.takeSlot();
  }

  giveSlot(slot: number): void {
    this.frame.giveSlot(slot);
  }

  /** Sets a local and its slot. */
  setRooted(local: number, slot: number, type: Type, value: Code): Code {
    return this.frame.set(local, slot, type, value);
  }

  // --- control -----------------------------------------------------------------------------------------------------

  /** A name that no other label has. */
  label(prefix: string): string {
    return `${prefix}${this.labels++}`;
  }

  /** Leaves the function with its WebAssembly result. */
  leave(value: Code | null): Code {
    const { m } = this;
    // The result is not nested in the branch: branches with values are for blocks with values.
    this.exitUsed = true;
    const branch = m.br(EXIT);
    return value === null ? branch : m.block(null, [m.local.set(this.resultLocal, value), branch]);
  }

  /** Adds the function to the module. */
  finish(name: string, body: readonly Code[]): void {
    const { m, signature } = this;
    m.line = this.place.line;
    const statements = this.frame.around(this.exitUsed ? m.block(EXIT, body) : m.block(null, body));
    this.requireLimits();
    if (this.resultLocal >= 0) statements.push(m.local.get(this.resultLocal, signature.result));
    const { params, result } = signature;
    m.addFunction(name, params, result, this.locals, m.block(null, statements, result));
  }

  /** @throws LimitError */
  private requireLimits(): void {
    const count = this.localCount;
    if (count <= MOST_LOCALS) return;
    const { line, column } = this.place;
    const message = `A function has at most ${MOST_LOCALS} variables and temporaries, this one needs ${count}`;
    throw new LimitError({ stage: "unsupported", file: this.context.files[this.file]!, line, column, message });
  }

  /** A variable has its place from its declaration on, which is where it appears first. */
  private placeOf(symbol: LocalSymbol): Place {
    let place = this.places.get(symbol);
    if (place === undefined) {
      place = { local: this.newLocal(wasmType(symbol.type), "variable"), slot: this.frame.slotFor(symbol.type) };
      this.places.set(symbol, place);
      if (place.slot >= 0) this.scopes.at(-1)?.push(place.slot);
    }
    return place;
  }

  /** A local that is never given back. @param purpose what it is, for tests */
  newLocal(type: wasm.Type, purpose = "temporary"): number {
    this.purposes.push(purpose);
    return this.signature.params.length + this.locals.push(this.context.target.localType(type)) - 1;
  }

  /** What a parameter or local is: a parameter, a variable, ... */
  purposeOf(local: number): string {
    const { params } = this.signature;
    return local < params.length ? "parameter" : this.purposes[local - params.length]!;
  }

  /** The type of a parameter or local. */
  typeOf(local: number): wasm.Type {
    const { params } = this.signature;
    return params[local] ?? this.locals[local - params.length]!;
  }

  /** Parameters and locals. */
  get localCount(): number {
    return this.signature.params.length + this.locals.length;
  }
}
