/*
 * Frames of modules for V1 and V2:
 *
 *   frame pointer ┬ slot 8 ┬ slot 8 ┬ ...
 *
 * The collector does not see WebAssembly locals, so a reference that lives across a call that may allocate has a slot
 * too, and every write goes to both. Nothing moves, so reads come from the local alone. A function without slots has no
 * frame, and one that cannot allocate has no slots.
 */

import type { Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code } from "./context.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { isTraced, wasmType } from "./layout.ts";
import { OVERFLOW, STACK_LIMIT, STACK_POINTER } from "./names.ts";
import type { Frame } from "./target.ts";

/** Up to this many slots are zeroed one by one; a `memory.fill` is a call. */
const MOST_STORES = 16;

/** See {@link Frame}. */
export class FixedFrame implements Frame {
  private readonly builder: FunctionBuilder;
  private readonly allocates: boolean;
  private readonly framePointer: number;
  private readonly freeSlots: number[] = [];
  private slots = 0;
  /** Stores of parameters into their slots. */
  private readonly entry: Code[] = [];

  constructor(builder: FunctionBuilder, allocates: boolean) {
    this.builder = builder;
    this.allocates = allocates;
    this.framePointer = builder.newLocal(wasm.i32);
  }

  slotFor(type: Type): number {
    return this.allocates && isTraced(type) ? this.takeSlot() : -1;
  }

  takeSlot(): number {
    return this.freeSlots.pop() ?? this.slots++;
  }

  giveSlot(slot: number): void {
    this.freeSlots.push(slot);
  }

  keepParameter(index: number, slot: number, type: Type): void {
    this.entry.push(this.storeSlot(slot, type, this.builder.m.local.get(index, wasmType(type))));
  }

  set(local: number, slot: number, type: Type, value: Code): Code {
    const { m, context } = this.builder;
    const own = wasmType(type);
    // `local.tee` leaves the value for the store.
    if (!context.recorded) return this.storeSlot(slot, type, m.local.tee(local, value, own));
    return m.block(null, [m.local.set(local, value), this.storeSlot(slot, type, m.local.get(local, own))]);
  }

  around(body: Code): Code[] {
    return this.slots > 0 ? [...this.enter(), body, ...this.leave()] : [body];
  }

  private enter(): Code[] {
    const { builder, framePointer, slots, entry } = this;
    return [...takeFrame(builder, framePointer, slots), ...entry, registerFrame(builder, framePointer, slots)];
  }

  private leave(): Code[] {
    return leaveFrame(this.builder, this.framePointer, this.slots);
  }

  private frame(): Code {
    return this.builder.m.local.get(this.framePointer, wasm.i32);
  }

  /** The value of an interface goes in whole; its instance is the low word. */
  private storeSlot(slot: number, type: Type, value: Code): Code {
    const { m, context } = this.builder;
    const offset = slot * 8;
    const store = type.kind === "interface" ? m.i64.store : m.i32.store;
    const stored = store(offset, 4, this.frame(), value);
    if (!context.recorded) return stored;
    const address = m.i32.add(this.frame(), m.i32.const(offset));
    const pointer = m.i32.load(offset, 4, this.frame());
    return m.block(null, [stored, context.runtime("mph_record_store", [address, pointer])]);
  }
}

/** Takes so many slots of the module's own stack, zeros. */
export function takeFrame({ m, context }: FunctionBuilder, framePointer: number, slots: number): Code[] {
  const bytes = slots * 8;
  const frame = (): Code => m.local.get(framePointer, wasm.i32);
  const end = (): Code => m.i32.add(frame(), m.i32.const(bytes));
  const code = [
    m.local.set(framePointer, m.global.get(STACK_POINTER, wasm.i32)),
    m.if(m.i32.gt_u(end(), m.global.get(STACK_LIMIT, wasm.i32)), context.runner(OVERFLOW, [])),
    m.global.set(STACK_POINTER, end()),
  ];
  if (slots <= MOST_STORES) {
    for (let slot = 0; slot < slots; slot++) code.push(m.i64.store(slot * 8, 8, frame(), m.i64.const(0n)));
  } else {
    code.push(m.memory.fill(frame(), m.i32.const(0), m.i32.const(bytes)));
  }
  if (context.recorded) {
    for (let slot = 0; slot < slots; slot++) {
      code.push(context.runtime("mph_record_store", [m.i32.add(frame(), m.i32.const(slot * 8)), m.i32.const(0)]));
    }
  }
  return code;
}

/** Tells the runtime of the slots. */
export function registerFrame({ m, context }: FunctionBuilder, framePointer: number, slots: number): Code {
  return context.runtime("mph_gc_push_frame", [m.local.get(framePointer, wasm.i32), m.i32.const(slots)]);
}

/** Gives the slots back. */
export function leaveFrame({ m, context }: FunctionBuilder, framePointer: number, slots: number): Code[] {
  const frame = m.local.get(framePointer, wasm.i32);
  return [context.runtime("mph_gc_pop_roots", [m.i32.const(slots)]), m.global.set(STACK_POINTER, frame)];
}

/** The globals of the module's own stack, which the runner sets. */
export function declareStack(m: wasm.Module): void {
  for (const name of [STACK_POINTER, STACK_LIMIT]) {
    m.addGlobal(name, wasm.i32, m.i32.const(0));
    m.exportGlobal(name);
  }
}
