/*
 * Frames where objects move. The frame lies on the collector's shadow stack, words of 4 bytes each:
 *
 *   frame pointer ┬ slot 4 ┬ slot 4 ┬ ... ┐ top
 *
 * Code is generated as if nothing moved. When a function is complete, its references get slots:
 *
 *   1. no reference waits on the operand stack where something may collect (`operands.ts`);
 *   2. what lives across such a call is found (`liveness.ts`);
 *   3. such a local has a slot: who sets it sets both, and who reads it behind a call reads the slot, once (`reloads.ts`).
 *
 * An allocation collects only where a cursor stands at its limit: there alone what lives is stored and read back, so a function that calls
 * nothing else has no frame. Slots need not be cleared: what lies above the top is 0, or a reference that is still good.
 */
import { LAYOUT } from "@morph/gc";
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { leaveFrame, registerFrame, takeFrame } from "../fixed-frame.ts";
import type { FunctionBuilder } from "../function-builder.ts";
import { GC_CONTROL } from "../names.ts";
import type { Frame } from "../target.ts";
import { Liveness } from "./liveness.ts";
import { isReference, Operands } from "./operands.ts";
import { Reloads } from "./reloads.ts";

const WORD = 4;
const RECORDED_SLOT_BYTES = 8;

/** See {@link Frame}. Slots are found later. */
export class GcFrame implements Frame {
  private readonly builder: FunctionBuilder;

  constructor(builder: FunctionBuilder) {
    this.builder = builder;
  }

  slotFor(): number {
    return -1;
  }

  takeSlot(): number {
    return -1;
  }

  giveSlot(): void {}

  keepParameter(): void {}

  set(local: number, _slot: number, _type: unknown, value: Code): Code {
    return this.builder.m.local.set(local, value);
  }

  around(body: Code): Code[] {
    const { builder } = this;
    if (!builder.context.collects) return [body];
    const operands = new Operands(builder);
    const arranged = operands.arrange(body);
    if (operands.collects(arranged) === 0) return [arranged];
    const numbers = new Map<number, number>();
    const locals: number[] = [];
    for (let local = 0; local < builder.localCount; local++) {
      if (isReference(builder.typeOf(local))) numbers.set(local, locals.push(local) - 1);
    }
    const liveness = new Liveness(arranged, numbers, builder.context);
    const reloads = new Reloads(arranged, builder, operands, liveness, locals, numbers);
    const code = reloads.rewrite(arranged);
    const { parameters, slots, framePointer } = reloads;
    if (!reloads.hasFrame) return [code];
    return [...pushFrame(builder, framePointer, slots), ...parameters, code, popFrame(builder, framePointer, slots)];
  }
}

/** Bytes of a slot. A recording knows the slots of the module's own stack alone. */
export function slotBytes({ recorded }: ModuleContext): number {
  return recorded ? RECORDED_SLOT_BYTES : WORD;
}

/** Takes so many slots: one store, of the new top. */
export function pushFrame(builder: FunctionBuilder, framePointer: number, slots: number): Code[] {
  const { context, m } = builder;
  const { i32 } = wasm;
  if (context.recorded) {
    return [...takeFrame(builder, framePointer, slots), registerFrame(builder, framePointer, slots)];
  }
  const control = (): Code => m.global.get(GC_CONTROL, i32);
  const end = (): Code => m.i32.add(m.local.get(framePointer, i32), m.i32.const(slots * WORD));
  return [
    m.local.set(framePointer, m.i32.load(LAYOUT.STACK_TOP * WORD, 4, control())),
    m.if(
      m.i32.gt_u(end(), m.i32.load(LAYOUT.STACK_LIMIT * WORD, 4, control())),
      context.runtime("mph_gc_grow_stack", [end()]),
    ),
    m.i32.store(LAYOUT.STACK_TOP * WORD, 4, control(), end()),
  ];
}

/** Gives the slots back. */
export function popFrame(builder: FunctionBuilder, framePointer: number, slots: number): Code {
  const { context, m } = builder;
  if (context.recorded) return m.block(null, leaveFrame(builder, framePointer, slots));
  const control = m.global.get(GC_CONTROL, wasm.i32);
  return m.i32.store(LAYOUT.STACK_TOP * WORD, 4, control, m.local.get(framePointer, wasm.i32));
}
