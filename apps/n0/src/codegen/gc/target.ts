/**
 * Modules for the collector: objects move, and are made where a cursor stands. A string is one object and an array two, so what
 * generated code reads lies at other places than for V1 and V2:
 *
 *   string ┬ bytes + 1 4 ┬ ─ 4 ┬ bytes ... 0 ┐      array ┬ data 8 ┬ length 8 ┐      data ┬ capacity 4 ┬ ─ 4 ┬ elements ... ┐
 */
import { LAYOUT } from "@morph/gc";
import type { Type } from "../../types.ts";
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { declareStack } from "../fixed-frame.ts";
import type { FunctionBuilder } from "../function-builder.ts";
import { isTraced, type Layout, layOut, roundUp, sizeOf } from "../layout.ts";
import { GC_CONTROL, NURSERY_BASE, NURSERY_BYTES, STRING_CURSORS } from "../names.ts";
import type { Frame, Target } from "../target.ts";
import { elementOffset, low } from "../values.ts";
import { concatArrays, ownArrayNew } from "./arrays.ts";
import { Barrier } from "./barrier.ts";
import { GcFrame } from "./frame.ts";
import { ownMapGet, ownMapSet } from "./maps.ts";
import { slowly } from "./operands.ts";
import { comparison, literalString, ownStringFunction } from "./strings.ts";

const REFERENCE_BYTES = 4;
/** Instance and vtable. */
const INTERFACE_BYTES = 8;
const LEAST_SLOT_BYTES = 16;
const CLOSURE: Layout = { size: 8, offsets: [0, 4], pointerOffsets: [4] };

/** See {@link Target}. */
export class GcTarget implements Target {
  readonly name = "gc";
  /** The handle, and the pointer of the cursor. */
  readonly typeBytes = 8;
  readonly ownTypes = 1;
  readonly dataHeader: number = LAYOUT.ARRAY_HEADER_BYTES;
  readonly objectLast = true;
  readonly boxesInterfaces = false;
  private readonly context: ModuleContext;
  private readonly barrier: Barrier;

  constructor(context: ModuleContext) {
    this.context = context;
    this.barrier = new Barrier(context);
  }

  sizeOf(type: Type): number {
    return sizeOf(type, REFERENCE_BYTES, INTERFACE_BYTES);
  }

  layOut(types: readonly Type[]): Layout {
    return layOut(types, REFERENCE_BYTES, INTERFACE_BYTES);
  }

  localType(type: wasm.Type): wasm.Type {
    return type;
  }

  load(type: Type, address: () => Code, offset: number): Code {
    const { m } = this.context;
    switch (type.kind) {
      case "int":
        return m.i64.load(offset, 8, address());
      case "float":
        return m.f64.load(offset, 8, address());
      case "interface":
        return wasm.typed(m.i64.load(offset, 4, address()), wasm.pair);
      case "bool":
      case "channel":
        return m.i32.load(offset, 4, address());
      default:
        return m.ref.load(offset, 4, address());
    }
  }

  readsTwice(): boolean {
    return false;
  }

  initialise(type: Type, address: () => Code, offset: number, value: () => Code): Code {
    const stored = this.store(type, address, offset, value);
    return isTraced(type) ? this.noted(stored, address, offset) : stored;
  }

  storesInSteps(type: Type): boolean {
    return this.context.recorded && isTraced(type);
  }

  storesPlainly(type: Type): boolean {
    return !isTraced(type);
  }

  storeField(
    _builder: FunctionBuilder,
    type: Type,
    object: () => Code,
    offset: number,
    value: () => Code,
    why: string,
  ): Code {
    const { m } = this.context;
    const stored = this.initialise(type, object, offset, value);
    if (!isTraced(type)) return stored;
    const before = this.barrier.before(
      object,
      () => m.i32.const(offset),
      () => reference(m, value()),
      why,
    );
    return m.block(null, [...before, stored]);
  }

  storeElement(
    builder: FunctionBuilder,
    type: Type,
    array: () => Code,
    index: () => Code,
    value: () => Code,
    why: string,
  ): Code {
    const { m } = this.context;
    const { dataHeader } = this;
    const offset = elementOffset(m, this.sizeOf(type), index());
    if (!isTraced(type)) {
      const address = m.i32.add(m.ref.load(0, 4, array()), offset);
      return this.initialise(type, () => address, dataHeader, value);
    }
    const data = builder.take(wasm.ref);
    const at = builder.take(wasm.i32);
    const getData = (): Code => m.local.get(data, wasm.ref);
    const getOffset = (): Code => m.local.get(at, wasm.i32);
    const inObject = (): Code => m.i32.add(getOffset(), m.i32.const(dataHeader));
    const code = [
      m.local.set(data, m.ref.load(0, 4, array())),
      m.local.set(at, offset),
      ...this.barrier.before(getData, inObject, () => reference(m, value()), why),
      this.initialise(type, () => m.i32.add(getData(), getOffset()), dataHeader, value),
    ];
    builder.give(data);
    builder.give(at);
    return m.block(null, code);
  }

  /** Takes what the type's cursor points at; where it stands at its limit, the runtime makes room. */
  allocate(builder: FunctionBuilder, name: string, { size, pointerOffsets }: Layout): Code {
    const { context } = this;
    const { m } = context;
    const entry = context.image.type({ name, size, pointerOffsets });
    const slow = (): Code =>
      context.runtime("mph_alloc", [m.i32.const(size), m.i32.load(0, 4, context.address(entry))]);
    if (context.recorded || !this.isBornYoung(size)) return slow();
    const cursor = builder.take(wasm.i32);
    // No reference yet: where the cursor stands at its limit, no object is there.
    const next = builder.take(wasm.i32);
    const getCursor = (): Code => m.local.get(cursor, wasm.i32);
    const getNext = (): Code => m.local.get(next, wasm.i32);
    const slotBytes = Math.max(roundUp(size, 8), LEAST_SLOT_BYTES);
    const code = [
      m.local.set(cursor, m.i32.load(4, 4, context.address(entry))),
      m.local.set(next, m.i32.load(0, 4, getCursor())),
      slowly(
        m.i32.eq(getNext(), m.i32.load(4, 4, getCursor())),
        m.local.set(next, slow()),
        m.i32.store(0, 4, getCursor(), m.i32.add(getNext(), m.i32.const(slotBytes))),
      ),
      wasm.typed(getNext(), wasm.ref),
    ];
    builder.give(cursor);
    builder.give(next);
    return m.block(null, code, wasm.ref);
  }

  isBornYoung(bytes: number): boolean {
    return bytes <= LAYOUT.MAX_SMALL_BYTES;
  }

  closure(builder: FunctionBuilder, index: Code, environment: () => Code): Code {
    const { m } = this.context;
    const closure = builder.take(wasm.ref);
    const get = (): Code => m.local.get(closure, wasm.ref);
    const code = [
      m.local.set(closure, this.allocate(builder, "closure", CLOSURE)),
      m.i32.store(0, 4, get(), index),
      this.noted(m.i32.store(4, 4, get(), environment()), get, 4),
      get(),
    ];
    builder.give(closure);
    return m.block(null, code, wasm.ref);
  }

  closureFunction(closure: Code): Code {
    return this.context.m.i32.load(0, 4, closure);
  }

  closureEnvironment(closure: Code): Code {
    return this.context.m.ref.load(4, 4, closure);
  }

  concatArrays(element: Type, a: Code, b: Code): Code {
    const { context } = this;
    if (context.recorded) return context.runtime("mph_array_concat", [a, b]);
    return concatArrays(context, a, b, this.sizeOf(element), isTraced(element));
  }

  isFull(array: () => Code): Code {
    const { m } = this.context;
    return m.i32.eq(m.i32.load(8, 4, array()), m.i32.load(0, 4, m.ref.load(0, 4, array())));
  }

  stringLength(string: Code): Code {
    return this.context.m.i64.extend_u(this.stringCount(string));
  }

  stringCount(string: Code): Code {
    const { m } = this.context;
    return m.i32.sub(m.i32.load(0, 4, string), m.i32.const(1));
  }

  isOutside(string: Code, index: Code): Code {
    const { m } = this.context;
    return m.i64.ge_u(index, m.i64.extend_u(m.i32.load(0, 4, string)));
  }

  literal(bytes: Uint8Array, address: Code): Code {
    const { context } = this;
    if (context.recorded) return context.runtime("mph_string_new", [address, context.m.i32.const(bytes.length)]);
    return literalString(context, bytes, address);
  }

  comparison(bytes: Uint8Array): ((get: () => Code) => Code) | null {
    return comparison(this.context, bytes);
  }

  stringBytes(string: Code): Code {
    return string;
  }

  ownFunction(runtimeName: string): string | null {
    if (this.context.recorded) return null;
    switch (runtimeName) {
      case "mph_array_new":
        return ownArrayNew(this.context);
      case "mph_map_get":
        return ownMapGet(this.context);
      case "mph_map_set":
        return ownMapSet(this.context, this.barrier);
      default:
        return ownStringFunction(this.context, runtimeName);
    }
  }

  frame(builder: FunctionBuilder): Frame {
    return new GcFrame(builder);
  }

  declare(): void {
    const names = [GC_CONTROL, NURSERY_BASE, NURSERY_BYTES, STRING_CURSORS];
    for (const name of names) this.context.m.addGlobalImport(name, "env");
    if (this.context.recorded) declareStack(this.context.m);
  }

  private store(type: Type, address: () => Code, offset: number, value: () => Code): Code {
    const { m } = this.context;
    switch (type.kind) {
      case "int":
        return m.i64.store(offset, 8, address(), value());
      case "float":
        return m.f64.store(offset, 8, address(), value());
      case "interface":
        return m.i64.store(offset, 4, address(), value());
      default:
        return m.i32.store(offset, 4, address(), value());
    }
  }

  /** The store of a reference, which a recording notes. */
  private noted(stored: Code, address: () => Code, offset: number): Code {
    const { context } = this;
    const { m } = context;
    if (!context.recorded) return stored;
    const place = m.i32.add(address(), m.i32.const(offset));
    return m.block(null, [stored, context.runtime("mph_record_store", [place, m.i32.load(offset, 4, address())])]);
  }
}

/** The reference in a value: an interface's instance. */
function reference(m: wasm.Module, value: Code): Code {
  return value.type === wasm.pair ? low(m, value) : value;
}
