/*
 * A WebAssembly module on its way: functions as trees of instructions, and what they name. `emit` writes it as bytes.
 * What a function names need not be there yet: indexes are found when the bytes are written.
 */
import { type Code, i32, node, none, type Type, typeOfAll, unreachable } from "./code.ts";
import {
  type F64,
  F64_INSTRUCTIONS,
  type I32,
  I32_INSTRUCTIONS,
  type I64,
  I64_INSTRUCTIONS,
  REF_INSTRUCTIONS,
} from "./instructions.ts";
import { type DefinedFunction, type Global, type ImportedFunction, ModuleWriter } from "./module-writer.ts";

/** A module; it has one imported memory and one table. */
export class Module {
  readonly i32: I32 = I32_INSTRUCTIONS;
  readonly ref: typeof REF_INSTRUCTIONS = REF_INSTRUCTIONS;
  readonly i64: I64 = I64_INSTRUCTIONS;
  readonly f64: F64 = F64_INSTRUCTIONS;
  /** The line of the source that the calls which are made now belong to; 0 for none. */
  line = 0;
  /** The functions so far. */
  readonly functions: DefinedFunction[] = [];
  private readonly imports: ImportedFunction[] = [];
  private readonly globals: Global[] = [];
  private readonly exports: { readonly name: string; readonly kind: "function" | "global" }[] = [];
  private readonly names: Map<string, string> = new Map();
  private readonly sections: { readonly name: string; readonly bytes: Uint8Array }[] = [];
  private table: readonly string[] = [];
  private data: { readonly base: string; readonly bytes: Uint8Array } | null = null;

  // --- instructions ------------------------------------------------------------------------------------------------

  readonly local = {
    get: (index: number, type: Type): Code => node("local", type, [], [0x20], "", index),
    set: (index: number, value: Code): Code => node("local", none, [value], [0x21], "", index),
    tee: (index: number, value: Code, type: Type): Code => node("local", type, [value], [0x22], "", index),
  };

  readonly global = {
    get: (name: string, type: Type): Code => node("global", type, [], [0x23], name),
    set: (name: string, value: Code): Code => node("global", none, [value], [0x24], name),
  };

  readonly memory = {
    fill: (to: Code, value: Code, size: Code): Code => node("plain", none, [to, value, size], [0xfc, 11, 0]),
  };

  /** Parts one after the other; with a label, branches to it go on behind them. */
  block(label: string | null, parts: readonly Code[], type?: Type): Code {
    if (label === null) return node("sequence", type ?? typeOfAll(parts), parts);
    return node("block", type ?? none, parts, [0x02], label);
  }

  /** Branches to its label start it again. */
  loop(label: string, body: Code): Code {
    return node("loop", body.type, [body], [0x03], label);
  }

  if(condition: Code, then: Code, otherwise?: Code): Code {
    if (otherwise === undefined) return node("if", none, [condition, then]);
    return node("if", then.type === unreachable ? otherwise.type : then.type, [condition, then, otherwise]);
  }

  /** A branch, when the condition holds if there is one. */
  br(label: string, condition?: Code): Code {
    if (condition === undefined) return node("branch", unreachable, [], [0x0c], label);
    return node("branch", none, [condition], [0x0d], label);
  }

  return(value?: Code): Code {
    return node("plain", unreachable, value === undefined ? [] : [value], [0x0f]);
  }

  unreachable(): Code {
    return node("plain", unreachable, [], [0x00]);
  }

  drop(value: Code): Code {
    return node("plain", none, [value], [0x1a]);
  }

  select(condition: Code, yes: Code, no: Code): Code {
    return node("plain", yes.type, [yes, no, condition], [0x1b]);
  }

  call(name: string, operands: readonly Code[], type: Type): Code {
    return node("call", type, operands, [0x10], name, this.line);
  }

  /** A call of the table's function at an index, which is evaluated last. */
  callIndirect(index: Code, operands: readonly Code[], params: readonly Type[], type: Type): Code {
    return node("indirect", type, [...operands, index], [0x11], "", this.line, params);
  }

  // --- parts of the module -----------------------------------------------------------------------------------------

  addFunctionImport(name: string, module: string, params: readonly Type[], result: Type): void {
    this.imports.push({ name, module, params, result });
  }

  /** An i32 that cannot be changed. It stands before the globals that are not imported, as it must. */
  addGlobalImport(name: string, module: string): void {
    const own = this.globals.findIndex(({ from }) => from === null);
    this.globals.splice(own < 0 ? this.globals.length : own, 0, { name, type: i32, from: module, init: null });
  }

  /** A global that can be changed. */
  addGlobal(name: string, type: Type, init: Code): void {
    this.globals.push({ name, type, from: null, init });
  }

  /** A function that starts in the present {@link line}. @param locals those behind the parameters */
  addFunction(name: string, params: readonly Type[], result: Type, locals: readonly Type[], body: Code): void {
    this.functions.push({ name, params, result, locals, body, line: this.line });
  }

  /** What debuggers and traces call a function. */
  describeFunction(name: string, shown: string): void {
    this.names.set(name, shown);
  }

  exportFunction(name: string): void {
    this.exports.push({ name, kind: "function" });
  }

  exportGlobal(name: string): void {
    this.exports.push({ name, kind: "global" });
  }

  /** The functions of the table from index 1 on; index 0 holds none. */
  setTable(functions: readonly string[]): void {
    this.table = functions;
  }

  /** Bytes of the memory from the address on that an imported global holds. */
  setData(base: string, bytes: Uint8Array): void {
    this.data = { base, bytes };
  }

  addCustomSection(name: string, bytes: Uint8Array): void {
    this.sections.push({ name, bytes });
  }

  /** The index of each function that was defined so far; no import may be added any more. */
  functionIndexes(): Map<string, number> {
    return new Map(this.functions.map(({ name }, i) => [name, this.imports.length + i]));
  }

  // --- bytes -------------------------------------------------------------------------------------------------------

  /** The module's bytes. O(size of the module). */
  emit(): Uint8Array<ArrayBuffer> {
    return new ModuleWriter(this.imports, this.functions, this.globals).write({
      exports: this.exports,
      names: this.names,
      sections: this.sections,
      table: this.table,
      data: this.data,
    });
  }
}
