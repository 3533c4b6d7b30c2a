/** Modules for V1 and V2: objects stay where they are, and the C layouts of the original. */
import type { Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import { declareStack, FixedFrame } from "./fixed-frame.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { isTraced, type Layout, layOut, sizeOf } from "./layout.ts";
import type { Frame, Target } from "./target.ts";
import { elementOffset, high, low, pack, typeIdOf } from "./values.ts";

const REFERENCE_BYTES = 8;
/** Instance, vtable and type id. */
const INTERFACE_BYTES = 24;

/** See {@link Target}. */
export class FixedTarget implements Target {
  readonly name = "fixed";
  readonly typeBytes = 4;
  readonly ownTypes = 0;
  readonly dataHeader = 0;
  readonly objectLast = false;
  readonly boxesInterfaces = true;
  private readonly context: ModuleContext;

  constructor(context: ModuleContext) {
    this.context = context;
  }

  sizeOf(type: Type): number {
    return sizeOf(type, REFERENCE_BYTES, INTERFACE_BYTES);
  }

  layOut(types: readonly Type[]): Layout {
    return layOut(types, REFERENCE_BYTES, INTERFACE_BYTES);
  }

  localType(type: wasm.Type): wasm.Type {
    return wasm.plainType(type);
  }

  load(type: Type, address: () => Code, offset: number): Code {
    const { m } = this.context;
    switch (type.kind) {
      case "int":
        return m.i64.load(offset, 8, address());
      case "float":
        return m.f64.load(offset, 8, address());
      case "interface":
        return pack(m, m.i32.load(offset, 4, address()), m.i32.load(offset + 8, 4, address()));
      case "bool":
      case "channel":
        return m.i32.load(offset, 4, address());
      default:
        return m.ref.load(offset, 4, address());
    }
  }

  readsTwice(type: Type): boolean {
    return type.kind === "interface";
  }

  /** Of a reference the high half is 0 already. */
  initialise(type: Type, address: () => Code, offset: number, value: () => Code): Code {
    const { context } = this;
    const { m } = context;
    const stored = this.store(type, address, offset, value);
    if (!context.recorded || !isTraced(type)) return stored;
    const target = offset === 0 ? address() : m.i32.add(address(), m.i32.const(offset));
    return m.block(null, [stored, context.runtime("mph_record_store", [target, m.i32.load(offset, 4, address())])]);
  }

  storesInSteps(type: Type): boolean {
    return type.kind === "interface" || (this.context.recorded && isTraced(type));
  }

  storesPlainly(type: Type): boolean {
    return !this.storesInSteps(type);
  }

  storeField(_builder: FunctionBuilder, type: Type, object: () => Code, offset: number, value: () => Code): Code {
    return this.initialise(type, object, offset, value);
  }

  storeElement(builder: FunctionBuilder, type: Type, array: () => Code, index: () => Code, value: () => Code): Code {
    const { m } = this.context;
    const address = m.i32.add(m.ref.load(0, 4, array()), elementOffset(m, this.sizeOf(type), index()));
    if (!this.storesInSteps(type)) return this.initialise(type, () => address, 0, value);
    const local = builder.take(wasm.i32);
    const get = (): Code => m.local.get(local, wasm.i32);
    const stored = this.initialise(type, get, 0, value);
    builder.give(local);
    return m.block(null, [m.local.set(local, address), stored], stored.type);
  }

  allocate(_builder: FunctionBuilder, name: string, { size, pointerOffsets }: Layout): Code {
    const { context } = this;
    const { m } = context;
    const offset = context.image.type({ name, size, pointerOffsets });
    return context.runtime("mph_alloc", [m.i32.const(size), m.i32.load(0, 4, context.address(offset))]);
  }

  isBornYoung(): boolean {
    return true;
  }

  closure(_builder: FunctionBuilder, index: Code, environment: () => Code, bytes: number): Code {
    const { context } = this;
    return context.runtime("mph_closure_new", [index, environment(), context.m.i32.const(bytes)]);
  }

  closureFunction(closure: Code): Code {
    return this.context.m.i32.load(0, 4, closure);
  }

  closureEnvironment(closure: Code): Code {
    return this.context.m.ref.load(8, 4, closure);
  }

  concatArrays(_element: Type, a: Code, b: Code): Code {
    return this.context.runtime("mph_array_concat", [a, b]);
  }

  isFull(array: () => Code): Code {
    const { m } = this.context;
    return m.i32.eq(m.i32.load(8, 4, array()), m.i32.load(16, 4, array()));
  }

  stringLength(string: Code): Code {
    return this.context.m.i64.load(8, 8, string);
  }

  stringCount(string: Code): Code {
    return this.context.m.i32.load(8, 4, string);
  }

  isOutside(string: Code, index: Code): Code {
    const { m } = this.context;
    return m.i64.gt_u(index, m.i64.load(8, 8, string));
  }

  literal(bytes: Uint8Array, address: Code): Code {
    const { context } = this;
    return context.runtime("mph_string_new", [address, context.m.i32.const(bytes.length)]);
  }

  comparison(): null {
    return null;
  }

  stringBytes(string: Code): Code {
    return this.context.m.i32.load(0, 4, string);
  }

  ownFunction(): null {
    return null;
  }

  frame(builder: FunctionBuilder, allocates: boolean): Frame {
    return new FixedFrame(builder, allocates);
  }

  /** The frames' stack is the module's. */
  declare(): void {
    declareStack(this.context.m);
  }

  private store(type: Type, address: () => Code, offset: number, value: () => Code): Code {
    const { m } = this.context;
    switch (type.kind) {
      case "int":
        return m.i64.store(offset, 8, address(), value());
      case "float":
        return m.f64.store(offset, 8, address(), value());
      case "interface":
        return m.block(null, [
          m.i32.store(offset, 4, address(), low(m, value())),
          m.i32.store(offset + 8, 4, address(), high(m, value())),
          m.i32.store(
            offset + 16,
            4,
            address(),
            typeIdOf(m, () => high(m, value())),
          ),
        ]);
      default:
        return m.i32.store(offset, 4, address(), value());
    }
  }
}
