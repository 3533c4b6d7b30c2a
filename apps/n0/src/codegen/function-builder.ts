/*
 * One WebAssembly function on its way, with its frame:
 *
 *   frame pointer ┬ slot 8 ┬ slot 8 ┬ ...
 *
 * The collector does not see WebAssembly locals, so a reference that lives across a call that may allocate has a slot
 * too, and every write goes to both. Nothing moves, so reads come from the local alone. A function without slots has no
 * frame, and one that cannot allocate has no slots.
 */

import type { Node } from "../ast.ts";
import { LimitError, MOST_LOCALS } from "../limits.ts";
import type { LocalSymbol } from "../symbols.ts";
import type { Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import { isTraced, wasmType } from "./layout.ts";
import { OVERFLOW, STACK_LIMIT, STACK_POINTER } from "./names.ts";

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

/** Up to this many slots are zeroed one by one; a `memory.fill` is a call. */
const MOST_STORES = 16;

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
  private readonly signature: Signature;
  /** Whether anything it calls may allocate. */
  private readonly allocates: boolean;
  private readonly locals: wasm.Type[] = [];
  private readonly free: Map<wasm.Type, number[]> = new Map();
  private readonly freeSlots: number[] = [];
  private slots = 0;
  private readonly framePointer: number;
  private readonly resultLocal: number;
  private readonly places: Map<LocalSymbol, Place> = new Map();
  /** Slots of the variables of each open block. */
  private readonly scopes: number[][] = [];
  /** Stores of parameters into their slots. */
  private readonly entry: Code[] = [];
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
    this.allocates = options.allocates;
    this.framePointer = this.newLocal(wasm.i32);
    this.resultLocal = signature.result === wasm.none ? -1 : this.newLocal(signature.result);
  }

  // --- variables ---------------------------------------------------------------------------------------------------

  /** A parameter of the Morph function is the WebAssembly parameter of that index. */
  bindParameter(symbol: LocalSymbol, index: number): void {
    const slot = this.slotFor(symbol.type);
    this.places.set(symbol, { local: index, slot });
    if (slot >= 0) this.entry.push(this.storeSlot(slot, symbol.type, this.m.local.get(index, wasmType(symbol.type))));
  }

  /** Keeps a parameter that is no Morph variable (an environment) alive. */
  rootParameter(type: Type, index: number): void {
    const slot = this.slotFor(type);
    if (slot >= 0) this.entry.push(this.storeSlot(slot, type, this.m.local.get(index, wasmType(type))));
  }

  getVariable(symbol: LocalSymbol): Code {
    return this.m.local.get(this.placeOf(symbol).local, wasmType(symbol.type));
  }

  setVariable(symbol: LocalSymbol, value: Code): Code {
    const { local, slot } = this.placeOf(symbol);
    if (slot < 0) return this.m.local.set(local, value);
    return this.setRooted(local, slot, symbol.type, value);
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
    return this.free.get(type)?.pop() ?? this.newLocal(type);
  }

  /** Gives a local back. */
  give(local: number): void {
    const type = this.locals[local - this.signature.params.length]!;
    const list = this.free.get(type);
    if (list === undefined) this.free.set(type, [local]);
    else list.push(local);
  }

  /** A slot for a while. */
  takeSlot(): number {
    return this.freeSlots.pop() ?? this.slots++;
  }

  giveSlot(slot: number): void {
    this.freeSlots.push(slot);
  }

  /** Sets a local and its slot. */
  setRooted(local: number, slot: number, type: Type, value: Code): Code {
    const { m } = this;
    const own = wasmType(type);
    // `local.tee` leaves the value for the store.
    if (!this.context.recorded) return this.storeSlot(slot, type, m.local.tee(local, value, own));
    return m.block(null, [m.local.set(local, value), this.storeSlot(slot, type, m.local.get(local, own))]);
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
    const { m, signature, slots } = this;
    this.requireLimits();
    m.line = this.place.line;
    const statements: Code[] = slots > 0 ? this.enterFrame() : [];
    statements.push(this.exitUsed ? m.block(EXIT, body) : m.block(null, body));
    if (slots > 0) statements.push(...this.leaveFrame());
    if (this.resultLocal >= 0) statements.push(m.local.get(this.resultLocal, signature.result));
    const { params, result } = signature;
    m.addFunction(name, params, result, this.locals, m.block(null, statements, result));
  }

  /** @throws LimitError */
  private requireLimits(): void {
    const count = this.signature.params.length + this.locals.length;
    if (count <= MOST_LOCALS) return;
    const { line, column } = this.place;
    const message = `A function has at most ${MOST_LOCALS} variables and temporaries, this one needs ${count}`;
    throw new LimitError({ stage: "unsupported", file: this.context.files[this.file]!, line, column, message });
  }

  private enterFrame(): Code[] {
    const { m, slots, context } = this;
    const bytes = slots * 8;
    const end = (): Code => m.i32.add(this.frame(), m.i32.const(bytes));
    const code = [
      m.local.set(this.framePointer, m.global.get(STACK_POINTER, wasm.i32)),
      m.if(m.i32.gt_u(end(), m.global.get(STACK_LIMIT, wasm.i32)), context.runner(OVERFLOW, [])),
      m.global.set(STACK_POINTER, end()),
    ];
    if (slots <= MOST_STORES) {
      for (let slot = 0; slot < slots; slot++) code.push(m.i64.store(slot * 8, 8, this.frame(), m.i64.const(0n)));
    } else {
      code.push(m.memory.fill(this.frame(), m.i32.const(0), m.i32.const(bytes)));
    }
    if (context.recorded) {
      for (let slot = 0; slot < slots; slot++) {
        code.push(
          context.runtime("mph_record_store", [m.i32.add(this.frame(), m.i32.const(slot * 8)), m.i32.const(0)]),
        );
      }
    }
    return [...code, ...this.entry, context.runtime("mph_gc_push_frame", [this.frame(), m.i32.const(slots)])];
  }

  private leaveFrame(): Code[] {
    const { m, context, slots } = this;
    return [context.runtime("mph_gc_pop_roots", [m.i32.const(slots)]), m.global.set(STACK_POINTER, this.frame())];
  }

  private frame(): Code {
    return this.m.local.get(this.framePointer, wasm.i32);
  }

  /** A variable has its place from its declaration on, which is where it appears first. */
  private placeOf(symbol: LocalSymbol): Place {
    let place = this.places.get(symbol);
    if (place === undefined) {
      place = { local: this.newLocal(wasmType(symbol.type)), slot: this.slotFor(symbol.type) };
      this.places.set(symbol, place);
      if (place.slot >= 0) this.scopes.at(-1)?.push(place.slot);
    }
    return place;
  }

  private slotFor(type: Type): number {
    return this.allocates && isTraced(type) ? this.takeSlot() : -1;
  }

  /** The value of an interface goes in whole; its instance is the low word. */
  private storeSlot(slot: number, type: Type, value: Code): Code {
    const { m, context } = this;
    const offset = slot * 8;
    const store = type.kind === "interface" ? m.i64.store : m.i32.store;
    const stored = store(offset, 4, this.frame(), value);
    if (!context.recorded) return stored;
    const address = m.i32.add(this.frame(), m.i32.const(offset));
    const pointer = m.i32.load(offset, 4, this.frame());
    return m.block(null, [stored, context.runtime("mph_record_store", [address, pointer])]);
  }

  private newLocal(type: wasm.Type): number {
    return this.signature.params.length + this.locals.push(type) - 1;
  }
}
