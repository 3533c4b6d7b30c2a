/**
 * Checks generated code for what a collector whose objects move asks for: no reference is used that is of before a possible collection, none waits on the operand stack
 * meanwhile, each slot that is read back has the reference, and stores into objects that may be old have their barrier. It walks each function forward, and shares nothing with
 * the part of the generator that places roots but the list of the runtime functions that never collect.
 */
import { LAYOUT } from "@morph/gc";
import { neverCollects } from "../src/codegen/gc/collecting.ts";
import { GC_CONTROL, LITERALS, RESULT, STACK_POINTER } from "../src/codegen/names.ts";
import * as wasm from "../src/wasm/index.ts";

const GET = 0x20;
const UNREACHABLE = 0x00;
const RETURN = 0x0f;
const I32_LOAD = 0x28;
const I64_LOAD32 = 0x35;
const I32_STORE = 0x36;
const I64_STORE = 0x37;
const I64_STORE32 = 0x3e;
const I32_CONST = 0x41;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I64_AND = 0x83;
const I64_OR = 0x84;
const EXTEND = 0xad;
const ARITHMETIC: readonly number[] = [I32_ADD, I32_SUB, I64_OR, EXTEND];
const WORD = 4;
/** Elements of an array literal that certainly lie in the nursery, of the largest size. */
const MOST_YOUNG = 255;

/** What is known at one place of a function. */
class State {
  /** Locals whose reference is of before the last possible collection. */
  stale: Set<number> = new Set();
  /** Locals that hold an address within an object, or a reference that no type tells. */
  derived: Set<number> = new Set();
  /** By slot: the local whose value it has. */
  slots: Map<number, number> = new Map();
  /** Locals whose object is new since the last possible collection, and of those the arrays. */
  young: Set<number> = new Set();
  arrays: Set<number> = new Set();
  /** Places whose barrier was passed since the last possible collection. */
  passed: Set<string> = new Set();
  /** Globals for results that hold one of before. */
  staleGlobals: Set<string> = new Set();
  staleCell = false;
  dead = false;

  copy(): State {
    const copy = new State();
    copy.set(this);
    return copy;
  }

  set(other: State): void {
    this.stale = new Set(other.stale);
    this.derived = new Set(other.derived);
    this.slots = new Map(other.slots);
    this.young = new Set(other.young);
    this.arrays = new Set(other.arrays);
    this.passed = new Set(other.passed);
    this.staleGlobals = new Set(other.staleGlobals);
    this.staleCell = other.staleCell;
    this.dead = other.dead;
  }

  /** One more way leads here. */
  join(other: State): void {
    if (other.dead) return;
    if (this.dead) {
      this.set(other);
      return;
    }
    for (const local of other.stale) this.stale.add(local);
    for (const local of other.derived) this.derived.add(local);
    for (const [slot, local] of this.slots) if (other.slots.get(slot) !== local) this.slots.delete(slot);
    for (const name of other.staleGlobals) this.staleGlobals.add(name);
    keepCommon(this.young, other.young);
    keepCommon(this.arrays, other.arrays);
    keepCommon(this.passed, other.passed);
    this.staleCell ||= other.staleCell;
  }

  /** Whether two states say the same. */
  equals(other: State): boolean {
    return (
      this.dead === other.dead &&
      this.staleCell === other.staleCell &&
      this.stale.size === other.stale.size &&
      this.derived.size === other.derived.size &&
      this.slots.size === other.slots.size &&
      this.young.size === other.young.size &&
      this.arrays.size === other.arrays.size &&
      this.passed.size === other.passed.size &&
      this.staleGlobals.size === other.staleGlobals.size
    );
  }
}

/** The name of the runtime function that a function of the module stands for, else the function's own. */
function runtimeName(name: string): string {
  return name.replace(/^own_/, "");
}

function keepCommon<T>(set: Set<T>, other: ReadonlySet<T>): void {
  for (const value of set) if (!other.has(value)) set.delete(value);
}

/** What is wrong in the functions of a module for the collector; nothing, if all is right. */
export function wrongMoves(module: wasm.Module): string[] {
  const collecting = collectingFunctions(module);
  const globals = new Set<string>();
  for (const { body } of module.functions) addResultGlobals(body, globals);
  return module.functions.flatMap((one) => new Walk(one, collecting, globals).complaints());
}

/** The functions of the module that call what may collect, directly or through others. */
function collectingFunctions({ functions }: wasm.Module): (name: string) => boolean {
  const bodies = new Map(functions.map(({ name, body }) => [name, body]));
  const collecting = new Set<string>();
  const mayCollect = (name: string): boolean => (bodies.has(name) ? collecting.has(name) : !neverCollects(name));
  const calls = ({ kind, name, parts }: wasm.Code): boolean =>
    kind === "indirect" || (kind === "call" && mayCollect(name)) || parts.some(calls);
  for (let before = -1; before !== collecting.size; ) {
    before = collecting.size;
    for (const [name, body] of bodies) if (!collecting.has(name) && calls(body)) collecting.add(name);
  }
  return mayCollect;
}

/** The globals through which functions return references. */
function addResultGlobals({ kind, name, type, parts }: wasm.Code, globals: Set<string>): void {
  if (kind === "global" && isReference(type) && name !== LITERALS) globals.add(name);
  if (kind === "global" && parts.some((part) => isReference(typeOf(part)))) globals.add(name);
  for (const part of parts) addResultGlobals(part, globals);
}

/** Walks one function. */
class Walk {
  private readonly one: wasm.DefinedFunction;
  private readonly mayCollect: (name: string) => boolean;
  private readonly globals: ReadonlySet<string>;
  private readonly found: Set<string> = new Set();
  private readonly labels: Map<string, State> = new Map();
  private readonly types: readonly wasm.Type[];
  private state: State = new State();
  private framePointer = -1;
  /** Globals for results that this function has set, and not read itself. */
  private readonly returned: Set<string> = new Set();

  constructor(one: wasm.DefinedFunction, mayCollect: (name: string) => boolean, globals: ReadonlySet<string>) {
    this.one = one;
    this.mayCollect = mayCollect;
    this.globals = globals;
    this.types = [...one.params, ...one.locals];
  }

  complaints(): string[] {
    this.walk(this.one.body);
    this.leave();
    return [...this.found].map((what) => `${this.one.name}: ${what}`);
  }

  private complain(what: string): void {
    this.found.add(what);
  }

  /** @returns whether the code may collect */
  private walk(code: wasm.Code): boolean {
    if (this.state.dead) return false;
    switch (code.kind) {
      case "local":
        return this.walkLocal(code);
      case "global":
        return this.walkGlobal(code);
      case "call":
      case "indirect":
        return this.walkCall(code);
      case "branch": {
        const collects = this.operands(code.parts);
        const label = this.labels.get(code.name)!;
        label.join(this.state);
        if (code.parts.length === 0) this.state.dead = true;
        return collects;
      }
      case "sequence":
        return this.all(code.parts);
      case "block": {
        const behind = this.openLabel(code.name);
        const collects = this.all(code.parts);
        this.state.join(behind);
        return collects;
      }
      case "loop":
        return this.walkLoop(code);
      case "if":
        return this.walkIf(code);
      default:
        return this.walkPlain(code);
    }
  }

  private all(parts: readonly wasm.Code[]): boolean {
    return parts.map((part) => this.walk(part)).includes(true);
  }

  /** Operands that wait on the stack for those behind them. */
  private operands(parts: readonly wasm.Code[]): boolean {
    let collects = false;
    let waiting = false;
    for (const part of parts) {
      if (this.walk(part)) {
        if (waiting) this.complain("a reference waits on the operand stack");
        collects = true;
      }
      waiting ||= this.holdsReference(part);
    }
    return collects;
  }

  /** Whether the value of code is a reference, or has been computed from one. */
  private holdsReference(code: wasm.Code): boolean {
    if (isReference(typeOf(code))) return true;
    if (code.kind === "local" && code.bytes[0] === GET) return this.state.derived.has(code.number);
    if (code.kind === "sequence") return code.parts.length > 0 && this.holdsReference(code.parts.at(-1)!);
    if (code.kind !== "plain" || !ARITHMETIC.includes(code.bytes[0]!)) return false;
    return code.parts.some((part) => this.holdsReference(part));
  }

  private openLabel(name: string): State {
    const label = new State();
    label.dead = true;
    this.labels.set(name, label);
    return label;
  }

  private walkLoop(code: wasm.Code): boolean {
    const start = this.state.copy();
    for (;;) {
      const again = this.openLabel(code.name);
      const collects = this.all(code.parts);
      const before = start.copy();
      start.join(again);
      if (start.equals(before)) return collects;
      this.state = start.copy();
    }
  }

  private walkIf(code: wasm.Code): boolean {
    const [condition, then, otherwise] = code.parts as [wasm.Code, wasm.Code, wasm.Code | undefined];
    let collects = this.walk(condition);
    const atStart = this.state.copy();
    collects = this.walk(then) || collects;
    const afterThen = this.state;
    this.state = atStart;
    if (otherwise !== undefined) collects = this.walk(otherwise) || collects;
    this.state.join(afterThen);
    const passed = barrierOf(code);
    if (passed !== null) this.state.passed.add(passed);
    return collects;
  }

  private collect(): void {
    const { state } = this;
    this.types.forEach((type, local) => {
      if (isReference(type) || state.derived.has(local)) state.stale.add(local);
    });
    state.young.clear();
    state.arrays.clear();
    state.passed.clear();
    state.staleGlobals = new Set(this.globals);
    state.staleCell = true;
  }

  private walkCall({ kind, name, parts }: wasm.Code): boolean {
    const inside = this.operands(parts);
    const collects = kind === "indirect" || this.mayCollect(name);
    if (collects) this.collect();
    // Who returns results in globals sets them last; the runtime leaves them in its cell.
    const isRuntime = runtimeName(name).startsWith("mph_");
    if (kind === "indirect" || !isRuntime) this.state.staleGlobals.clear();
    if (isRuntime) this.state.staleCell = false;
    return inside || collects;
  }

  private walkGlobal({ name, parts, type }: wasm.Code): boolean {
    const collects = this.all(parts);
    const [value] = parts;
    if (value === undefined) {
      if (isReference(type) && this.state.staleGlobals.has(name)) this.complain(`${name} is read behind a collection`);
      this.returned.delete(name);
    } else if (this.globals.has(name)) {
      this.state.staleGlobals.delete(name);
      this.returned.add(name);
    }
    return collects;
  }

  /** The function ends here. */
  private leave(): void {
    if (this.state.dead) return;
    for (const name of this.returned) {
      if (this.state.staleGlobals.has(name)) this.complain(`${name} is of before a collection at the end`);
    }
  }

  private walkLocal(code: wasm.Code): boolean {
    const { number: local } = code;
    if (code.bytes[0] === GET) {
      if (this.state.stale.has(local)) this.complain(`local ${local} is read behind a collection`);
      return false;
    }
    const [value] = code.parts as [wasm.Code];
    const slot = this.slotRead(value, local);
    if (slot >= 0) {
      if (this.state.slots.get(slot) !== local) this.complain(`slot ${slot} does not have local ${local}`);
      this.state.stale.delete(local);
      return false;
    }
    const collects = this.walk(value);
    if (this.state.dead) return collects;
    this.assign(local, value);
    return collects;
  }

  private assign(local: number, value: wasm.Code): void {
    const { state } = this;
    const holds = this.holdsReference(value);
    const [isNew, isArray] = [this.isNew(value), isNewArray(value)];
    state.stale.delete(local);
    state.young.delete(local);
    state.arrays.delete(local);
    if (holds && !isReference(this.types[local]!)) state.derived.add(local);
    else state.derived.delete(local);
    for (const [slot, other] of state.slots) if (other === local) state.slots.delete(slot);
    for (const place of state.passed) if (place.split(/[:+]/).includes(String(local))) state.passed.delete(place);
    if (isNew || isArray) state.young.add(local);
    if (isArray) state.arrays.add(local);
    if (isFrameStart(value)) {
      this.framePointer = local;
      state.slots.clear();
    }
  }

  /** Whether the value is an object that was made since the last collection, or the data of such an array. */
  private isNew(value: wasm.Code): boolean {
    const { kind, name, number, bytes, parts, type } = value;
    if (kind === "sequence") return this.isNew(parts.at(-1)!);
    if (kind === "local") return bytes[0] === GET && this.state.young.has(number);
    if (kind === "call") return name === "mph_alloc" && constantOf(parts[0]!) <= LAYOUT.MAX_SMALL_BYTES;
    // What a cursor points at.
    if (kind !== "plain" || bytes[0] !== I32_LOAD) return false;
    const [address] = parts as [wasm.Code];
    if (type === wasm.i32) return address.kind === "local";
    return address.kind === "local" && offsetOf(value) === 0 && this.state.arrays.has(address.number);
  }

  /** The slot that code reads back for a local, or -1. */
  private slotRead(code: wasm.Code, local: number): number {
    const { kind, bytes, parts } = code;
    if (kind !== "plain" || this.framePointer < 0) return -1;
    if (bytes[0] === I64_OR) {
      const [high, low] = parts as [wasm.Code, wasm.Code];
      const [own] = high.parts;
      if (high.bytes[0] !== I64_AND || own?.kind !== "local" || own.number !== local) return -1;
      return low.bytes[0] === I64_LOAD32 && this.isFrame(low.parts[0]!) ? offsetOf(low) : -1;
    }
    return bytes[0] === I32_LOAD && this.isFrame(parts[0]!) ? offsetOf(code) : -1;
  }

  private isFrame({ kind, bytes, number }: wasm.Code): boolean {
    return kind === "local" && bytes[0] === GET && number === this.framePointer;
  }

  private walkPlain(code: wasm.Code): boolean {
    const collects = this.operands(code.parts);
    if (this.state.dead) return collects;
    const [opcode] = code.bytes as [number];
    if (code.type === wasm.unreachable && (opcode === UNREACHABLE || opcode === RETURN)) {
      if (opcode === RETURN) this.leave();
      this.state.dead = true;
    } else if (opcode === I32_STORE || opcode === I64_STORE || opcode === I64_STORE32) {
      this.store(code);
    } else if (isReference(code.type)) {
      this.load(code);
    }
    return collects;
  }

  /** A reference is read. */
  private load({ parts }: wasm.Code): void {
    const [address] = parts;
    if (address?.kind === "global" && address.name === RESULT && this.state.staleCell) {
      this.complain("the result cell is read behind a collection");
    }
    if (address?.kind !== "local" || this.isFrame(address) || isReference(this.types[address.number]!)) return;
    if (!this.state.derived.has(address.number)) this.complain(`local ${address.number} is no frame and no object`);
  }

  private store(code: wasm.Code): void {
    const { state } = this;
    const [address, value] = code.parts as [wasm.Code, wasm.Code];
    if (this.isFrame(address)) {
      const isLocal = value.kind === "local" && isReference(this.types[value.number]!);
      if (isLocal) state.slots.set(offsetOf(code), value.number);
      else state.slots.delete(offsetOf(code));
      return;
    }
    if (!isReference(typeOf(value)) || !this.holdsReference(address)) return;
    const object = address.kind === "local" ? address : address.parts[0]!;
    const place = placeOf(address, offsetOf(code));
    if (!state.young.has(object.number) && !state.passed.has(place)) {
      this.complain(`a store at ${place} has no barrier`);
    }
  }
}

/** A place in an object: the local, and the offset or the local that has it. */
function placeOf(address: wasm.Code, offset: number): string {
  if (address.kind === "local") return `${address.number}:${offset}`;
  const [object, at] = address.parts as [wasm.Code, wasm.Code];
  return `${object.number}+${at.number}`;
}

/** The place whose barrier the code is, or null. */
function barrierOf({ kind, parts }: wasm.Code): string | null {
  const [condition, then] = parts;
  if (kind !== "if" || then?.kind !== "if") return null;
  const call = then.parts[1]!;
  if (call.kind !== "call" || call.name !== "gc_write") return null;
  const [object, offset] = call.parts as [wasm.Code, wasm.Code];
  if (!reads(condition!, object.number)) return null;
  if (offset.bytes[0] === I32_CONST) return `${object.number}:${constantOf(offset)}`;
  return `${object.number}+${offset.parts[0]!.number}`;
}

function reads(code: wasm.Code, local: number): boolean {
  return (code.kind === "local" && code.number === local) || code.parts.some((part) => reads(part, local));
}

function isNewArray({ kind, name, parts }: wasm.Code): boolean {
  return kind === "call" && runtimeName(name) === "mph_array_new" && constantOf(parts[0]!) <= MOST_YOUNG;
}

/** Whether the code reads where the next frame starts: in the collector's control table, or, in a recorded module, in its global. */
function isFrameStart(code: wasm.Code): boolean {
  if (code.kind === "global") return code.name === STACK_POINTER;
  if (code.kind !== "plain" || code.bytes[0] !== I32_LOAD || offsetOf(code) !== LAYOUT.STACK_TOP * WORD) return false;
  return code.parts[0]!.kind === "global" && code.parts[0]!.name === GC_CONTROL;
}

function isReference(type: wasm.Type): boolean {
  return type === wasm.ref || type === wasm.pair;
}

/** The type of a code's value. A null is an i32, and of two ways one may not go on. */
function typeOf(code: wasm.Code): wasm.Type {
  const { kind, type, parts } = code;
  if (kind === "sequence" && parts.length > 0 && type !== wasm.none && type !== wasm.unreachable) {
    return isReference(type) ? type : typeOf(parts.at(-1)!);
  }
  if (kind !== "if" || parts[2] === undefined) return type;
  const other = typeOf(parts[2]);
  return isReference(other) ? other : typeOf(parts[1]!);
}

/** The offset of a load or store. */
function offsetOf({ bytes }: wasm.Code): number {
  return unsigned(bytes, 2);
}

function constantOf({ bytes }: wasm.Code): number {
  return unsigned(bytes, 1);
}

/** A LEB128 number; one that is signed is not negative here. */
function unsigned(bytes: readonly number[], from: number): number {
  let value = 0;
  for (let i = from, shift = 0; i < bytes.length; i++, shift += 7) value += (bytes[i]! & 0x7f) * 2 ** shift;
  return value;
}
