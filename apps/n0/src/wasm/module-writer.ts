/* The bytes of a module: its sections, with all indexes, which are found here. */
import { ByteSink } from "./bytes.ts";
import { type Code, none, plainType, type Type, unreachable } from "./code.ts";

/** A function of the surroundings. */
export interface ImportedFunction {
  readonly name: string;
  readonly module: string;
  readonly params: readonly Type[];
  readonly result: Type;
}

/** A function with its code. */
export interface DefinedFunction {
  readonly name: string;
  readonly params: readonly Type[];
  readonly result: Type;
  readonly locals: readonly Type[];
  readonly body: Code;
  /** The line of the source it starts in; 0 for none. */
  readonly line: number;
}

/** A global variable, or a constant of the surroundings. */
export interface Global {
  readonly name: string;
  readonly type: Type;
  /** The module it comes from; null when it is defined here. */
  readonly from: string | null;
  readonly init: Code | null;
}

/** The custom section that says in which lines the functions of a module start and its calls stand. */
export const LINES_SECTION = "n0.lines";

const LEAST_PAGES = 1;
const MOST_PAGES = 65536;

/** Writes one module. */
export class ModuleWriter {
  private readonly imports: readonly ImportedFunction[];
  private readonly functions: readonly DefinedFunction[];
  private readonly globals: readonly Global[];
  private readonly functionIndex: Map<string, number> = new Map();
  private readonly globalIndex: Map<string, number> = new Map();
  private readonly typeIndex: Map<string, number> = new Map();
  private readonly types: { readonly params: readonly Type[]; readonly result: Type }[] = [];
  private readonly code: ByteSink = new ByteSink();
  private readonly body: ByteSink = new ByteSink();
  /** Where the calls of the present body stand, and where it starts, each with its line: pairs. */
  private calls: number[] = [];
  /** The same of all bodies, from the start of the code on. */
  private readonly sites: number[] = [];
  /** The labels around the present instruction, innermost last; "" for an `if`. */
  private readonly labels: string[] = [];
  /** Where the locals of the present function went: those of one type stand together. */
  private places: Int32Array = new Int32Array(0);

  constructor(imports: readonly ImportedFunction[], functions: readonly DefinedFunction[], globals: readonly Global[]) {
    this.imports = imports;
    this.functions = functions;
    this.globals = globals;
    for (const { name } of [...imports, ...functions]) this.functionIndex.set(name, this.functionIndex.size);
    for (const { name } of globals) this.globalIndex.set(name, this.globalIndex.size);
  }

  write(parts: {
    readonly exports: readonly { readonly name: string; readonly kind: "function" | "global" }[];
    readonly names: ReadonlyMap<string, string>;
    readonly sections: readonly { readonly name: string; readonly bytes: Uint8Array }[];
    readonly table: readonly string[];
    readonly data: { readonly base: string; readonly bytes: Uint8Array } | null;
  }): Uint8Array<ArrayBuffer> {
    const { imports, functions, globals } = this;
    // The code first: it is what asks for types.
    for (const one of functions) this.writeFunction(one);
    const importTypes = imports.map((one) => this.typeOf(one.params, one.result));
    const functionTypes = functions.map((one) => this.typeOf(one.params, one.result));
    const out = new ByteSink();
    out.all([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const section = (id: number, count: number, write: (to: ByteSink) => void): void => {
      const content = new ByteSink();
      content.unsigned(count);
      write(content);
      out.byte(id);
      out.unsigned(content.length);
      out.all(content.view());
    };
    section(1, this.types.length, (to) => {
      for (const { params, result } of this.types) {
        to.byte(0x60);
        to.unsigned(params.length);
        to.all(params);
        to.unsigned(result === none ? 0 : 1);
        if (result !== none) to.byte(result);
      }
    });
    const importedGlobals = globals.filter(({ from }) => from !== null);
    section(2, imports.length + importedGlobals.length + 1, (to) => {
      to.name("env");
      to.name("memory");
      to.all([2, 1]);
      to.unsigned(LEAST_PAGES);
      to.unsigned(MOST_PAGES);
      for (const { name, from, type } of importedGlobals) {
        to.name(from!);
        to.name(name);
        to.all([3, type, 0]);
      }
      imports.forEach(({ name, module }, i) => {
        to.name(module);
        to.name(name);
        to.byte(0);
        to.unsigned(importTypes[i]!);
      });
    });
    section(3, functions.length, (to) => {
      for (const type of functionTypes) to.unsigned(type);
    });
    section(4, 1, (to) => {
      to.all([0x70, 1]);
      to.unsigned(parts.table.length + 1);
      to.unsigned(parts.table.length + 1);
    });
    const defined = globals.filter(({ from }) => from === null);
    section(6, defined.length, (to) => {
      for (const { type, init } of defined) {
        to.all([type, 1, ...init!.bytes, 0x0b]);
      }
    });
    section(7, parts.exports.length, (to) => {
      for (const { name, kind } of parts.exports) {
        to.name(name);
        to.byte(kind === "function" ? 0 : 3);
        to.unsigned((kind === "function" ? this.functionIndex : this.globalIndex).get(name)!);
      }
    });
    section(9, 1, (to) => {
      to.all([0, 0x41, 1, 0x0b]);
      to.unsigned(parts.table.length);
      for (const name of parts.table) to.unsigned(this.functionIndex.get(name)!);
    });
    const count = new ByteSink();
    count.unsigned(functions.length);
    out.byte(10);
    out.unsigned(count.length + this.code.length);
    out.all(count.view());
    const start = out.length;
    out.all(this.code.view());
    const { data } = parts;
    section(11, data === null ? 0 : 1, (to) => {
      if (data === null) return;
      to.all([0, 0x23]);
      to.unsigned(this.globalIndex.get(data.base)!);
      to.byte(0x0b);
      to.unsigned(data.bytes.length);
      to.all(data.bytes);
    });
    const custom = (name: string, bytes: Uint8Array): void => {
      const content = new ByteSink();
      content.name(name);
      content.all(bytes);
      out.byte(0);
      out.unsigned(content.length);
      out.all(content.view());
    };
    custom("name", this.nameSection(parts.names));
    custom(LINES_SECTION, this.linesSection(start));
    for (const { name, bytes } of parts.sections) custom(name, bytes);
    return out.view().slice();
  }

  /** The functions' names, as the format's own section has them. */
  private nameSection(names: ReadonlyMap<string, string>): Uint8Array {
    const list = new ByteSink();
    list.unsigned(this.functionIndex.size);
    for (const [name, index] of this.functionIndex) {
      list.unsigned(index);
      list.name(names.get(name) ?? name);
    }
    const section = new ByteSink();
    section.byte(1);
    section.unsigned(list.length);
    section.all(list.view());
    return section.view();
  }

  /** For each call and start of a function, by its place in the module: how many bytes behind the last one, and how many lines. */
  private linesSection(start: number): Uint8Array {
    const section = new ByteSink();
    let place = 0;
    let line = 0;
    for (let i = 0; i < this.sites.length; i += 2) {
      const at = start + this.sites[i]!;
      section.unsigned(at - place);
      section.signed(this.sites[i + 1]! - line);
      place = at;
      line = this.sites[i + 1]!;
    }
    return section.view();
  }

  private typeOf(params: readonly Type[], result: Type): number {
    const key = `${params.map(plainType).join()}>${plainType(result)}`;
    let index = this.typeIndex.get(key);
    if (index === undefined) {
      index = this.types.push({ params, result }) - 1;
      this.typeIndex.set(key, index);
    }
    return index;
  }

  private writeFunction({ params, locals, body, line }: DefinedFunction): void {
    const sink = this.body;
    sink.clear();
    // Where the engine's stack ends, a function is at its start.
    this.calls = line > 0 ? [0, line] : [];
    this.placeLocals(params.length, locals);
    this.writeNode(body);
    sink.byte(0x0b);
    this.code.unsigned(sink.length);
    const start = this.code.length;
    this.code.all(sink.view());
    for (let i = 0; i < this.calls.length; i += 2) this.sites.push(start + this.calls[i]!, this.calls[i + 1]!);
  }

  private placeLocals(params: number, locals: readonly Type[]): void {
    const kinds = [...new Set(locals.map(plainType))];
    const places = new Int32Array(params + locals.length);
    for (let i = 0; i < params; i++) places[i] = i;
    let next = params;
    const sink = this.body;
    sink.unsigned(kinds.length);
    for (const kind of kinds) {
      const first = next;
      locals.forEach((type, i) => {
        if (plainType(type) === kind) places[params + i] = next++;
      });
      sink.unsigned(next - first);
      sink.byte(kind);
    }
    this.places = places;
  }

  private writeNode(code: Code): void {
    const sink = this.body;
    const { parts } = code;
    switch (code.kind) {
      case "if":
        this.writeIf(code);
        return;
      case "block":
      case "loop":
        this.open(code, code.name);
        for (let i = 0; i < parts.length; i++) this.writeNode(parts[i]!);
        this.close(code);
        return;
      case "sequence":
        for (let i = 0; i < parts.length; i++) this.writeNode(parts[i]!);
        return;
    }
    for (let i = 0; i < parts.length; i++) this.writeNode(parts[i]!);
    switch (code.kind) {
      case "plain":
        sink.all(code.bytes);
        return;
      case "local":
        sink.byte(code.bytes[0]!);
        sink.unsigned(this.places[code.number]!);
        return;
      case "global":
        sink.byte(code.bytes[0]!);
        sink.unsigned(this.globalIndex.get(code.name)!);
        return;
      case "call":
        if (code.number > 0) this.calls.push(sink.length, code.number);
        sink.byte(0x10);
        sink.unsigned(this.functionIndex.get(code.name)!);
        return;
      case "indirect":
        if (code.number > 0) this.calls.push(sink.length, code.number);
        sink.byte(0x11);
        sink.unsigned(this.typeOf(code.params, code.type));
        sink.byte(0);
        return;
      case "branch":
        sink.byte(code.bytes[0]!);
        sink.unsigned(this.labels.length - 1 - this.labels.lastIndexOf(code.name));
        return;
    }
  }

  private writeIf(code: Code): void {
    const [condition, then, otherwise] = code.parts;
    this.writeNode(condition!);
    this.body.byte(0x04);
    this.body.byte(code.type === unreachable ? none : code.type);
    this.labels.push("");
    this.writeNode(then!);
    if (otherwise !== undefined) {
      this.body.byte(0x05);
      this.writeNode(otherwise);
    }
    this.close(code);
  }

  private open(code: Code, label: string): void {
    this.body.byte(code.bytes[0]!);
    this.body.byte(code.type === unreachable ? none : code.type);
    this.labels.push(label);
  }

  /** What never goes on gives any value; the format wants to be told. */
  private close(code: Code): void {
    this.labels.pop();
    this.body.byte(0x0b);
    if (code.type === unreachable) this.body.byte(0x00);
  }
}
