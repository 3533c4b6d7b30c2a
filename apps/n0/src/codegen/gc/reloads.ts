/**
 * Gives slots to references that live across a possible collection, and reads them back behind it. The code is walked forward, with the locals that may
 * be stale: those of before the last call that may collect. It is walked twice: first to see where something is read back, which says who has to set its slot.
 */
import * as wasm from "../../wasm/index.ts";
import type { Code } from "../context.ts";
import type { FunctionBuilder } from "../function-builder.ts";
import { Bits } from "./bits.ts";
import { popFrame, pushFrame } from "./frame.ts";
import { type Liveness, SlotNeeds } from "./liveness.ts";
import { CALLING, isSlowly, type Operands } from "./operands.ts";

const WORD = 4;
const GET = 0x20;
const TEE = 0x22;
const HIGH_WORD = -0x1_0000_0000n;

/** The references of one function. */
export class Reloads {
  /** Stores of parameters into their slots. */
  readonly parameters: Code[] = [];
  readonly framePointer: number;
  /** Whether the function has its frame from its start on; else allocations make one where they need it. */
  readonly hasFrame: boolean;
  private readonly builder: FunctionBuilder;
  private readonly m: wasm.Module;
  private readonly operands: Operands;
  private readonly liveness: Liveness;
  /** Locals by number, and numbers by local. */
  private readonly locals: readonly number[];
  private readonly numbers: ReadonlyMap<number, number>;
  private readonly slotOf: Map<number, number> = new Map();
  /** Numbers of the locals that may be stale here. */
  private stale: Bits;
  /** Whether no way leads here. */
  private dead = false;
  /** What may be stale where a label goes on. */
  private readonly labels: Map<string, Bits | null> = new Map();
  /** Whether this is the first walk; then, where it would read back. */
  private planning = true;
  private readonly reads: Set<Code> = new Set();
  private readonly beforeLoops: Map<Code, number[]> = new Map();
  private readonly needs: SlotNeeds;

  constructor(
    body: Code,
    builder: FunctionBuilder,
    operands: Operands,
    liveness: Liveness,
    locals: readonly number[],
    numbers: ReadonlyMap<number, number>,
  ) {
    this.builder = builder;
    this.m = builder.m;
    this.operands = operands;
    this.liveness = liveness;
    this.locals = locals;
    this.numbers = numbers;
    this.framePointer = builder.newLocal(wasm.i32);
    this.stale = new Bits(locals.length);
    this.rewrite(body);
    this.planning = false;
    this.die();
    this.dead = false;
    this.needs = new SlotNeeds(body, numbers, { reads: this.reads, beforeLoops: this.beforeLoops });
    for (const number of this.needs.atStart) {
      if (this.keeps("root at the start", number)) {
        this.parameters.push(this.storeSlot(number, this.getLocal(number)));
      }
    }
    this.hasFrame = this.reads.size + this.beforeLoops.size > 0;
  }

  get slots(): number {
    return this.slotOf.size;
  }

  /** The code with slots set and read. */
  rewrite(code: Code): Code {
    switch (code.kind) {
      case "local":
        return this.rewriteLocal(code);
      case "call":
      case "indirect": {
        const call = this.withParts(code);
        if (this.builder.context.mayCollect(code)) this.stale.addAll(this.liveness.rooted);
        return call;
      }
      case "branch": {
        const branch = this.withParts(code);
        const target = this.labels.get(code.name);
        if (target === null) this.labels.set(code.name, this.stale.copy());
        else target?.addAll(this.stale);
        if (code.parts.length === 0) this.die();
        return branch;
      }
      case "block": {
        this.labels.set(code.name, null);
        const block = this.withParts(code);
        const arriving = this.labels.get(code.name)!;
        this.labels.delete(code.name);
        if (arriving !== null) this.join(arriving);
        return block;
      }
      case "loop":
        return this.rewriteLoop(code);
      case "if":
        return isSlowly(code) ? this.rewriteSlow(code) : this.rewriteIf(code);
      default: {
        const rewritten = this.withParts(code);
        if (code.type === wasm.unreachable && code.kind === "plain") this.die();
        return rewritten;
      }
    }
  }

  /** Notes a place that is for a reference. */
  private keeps(what: string, number: number): boolean {
    return this.planning || this.builder.context.sites.keep(`${what}: ${this.builder.purposeOf(this.locals[number]!)}`);
  }

  private withParts(code: Code): Code {
    return code.parts.length === 0 ? code : { ...code, parts: code.parts.map((part) => this.rewrite(part)) };
  }

  private die(): void {
    this.dead = true;
    this.stale.clear();
  }

  /** One more way leads here. */
  private join(arriving: Bits): void {
    this.stale.addAll(arriving);
    this.dead = false;
  }

  private rewriteLocal(code: Code): Code {
    const number = this.numbers.get(code.number);
    const local = this.withParts(code);
    if (number === undefined || !this.liveness.rooted.has(number)) return local;
    if (code.bytes[0] === GET) {
      if (!this.stale.has(number)) return local;
      this.stale.delete(number);
      if (this.planning) this.reads.add(code);
      return this.keeps("reload", number) ? this.reload(number) : local;
    }
    this.stale.delete(number);
    if (this.planning || !this.needs.setters.has(code) || !this.keeps("root", number)) return local;
    const { m } = this;
    const [value] = local.parts as [Code];
    const type = this.builder.typeOf(code.number);
    const stored = this.storeSlot(number, m.local.tee(code.number, value, type));
    return code.bytes[0] === TEE ? m.block(null, [stored, this.getLocal(number)], type) : stored;
  }

  /** Nothing collects at the start of a loop, but what its end left stale is stale there. */
  private rewriteLoop(code: Code): Code {
    const before: Code[] = [];
    if (this.operands.collects(code) === CALLING) {
      this.stale.addAll(this.liveness.rooted);
    } else {
      // Read back once, not in each turn.
      const live = this.liveness.atLoop.get(code)!;
      const read = new Set<number>();
      addRead(code, read);
      for (const number of [...this.stale]) {
        if (!live.has(number) || !read.has(this.locals[number]!)) continue;
        if (this.planning) this.beforeLoops.set(code, [...(this.beforeLoops.get(code) ?? []), number]);
        if (this.keeps("reload before a loop", number)) {
          before.push(this.m.drop(this.reload(number)));
        }
        this.stale.delete(number);
      }
    }
    const loop = this.withParts(code);
    return before.length === 0 ? loop : this.m.block(null, [...before, loop], loop.type);
  }

  private rewriteIf(code: Code): Code {
    const [condition, then, otherwise] = code.parts as [Code, Code, Code | undefined];
    const parts = [this.rewrite(condition)];
    const wasDead = this.dead;
    const atStart = this.stale.copy();
    parts.push(this.rewrite(then));
    const afterThen = this.stale;
    const thenDead = this.dead;
    this.stale = atStart;
    this.dead = wasDead;
    if (otherwise !== undefined) parts.push(this.rewrite(otherwise));
    if (!thenDead) {
      this.stale.addAll(afterThen);
      this.dead = false;
    }
    return { ...code, parts };
  }

  /** The rare part stores what lives, and reads it back, so that the other one has nothing to do. */
  private rewriteSlow(code: Code): Code {
    const [condition, slow, fast] = code.parts as [Code, Code, Code];
    const { builder, m } = this;
    const before: Code[] = [];
    const behind: Code[] = [];
    const test = this.rewrite(condition);
    for (const number of this.liveness.acrossSlow.get(code)!) {
      // A stale local has its value in the slot, and is read back later.
      if (this.stale.has(number)) continue;
      if (this.keeps("root at an allocation", number)) {
        before.push(this.storeSlot(number, this.getLocal(number)));
      }
      if (this.keeps("reload at an allocation", number)) behind.push(m.drop(this.reload(number)));
    }
    const rare =
      this.hasFrame || before.length === 0
        ? [...before, slow, ...behind]
        : [...this.push(), ...before, slow, ...behind, popFrame(builder, this.framePointer)];
    const taken = this.withParts(fast);
    return { ...code, parts: [test, m.block(null, rare), taken] };
  }

  private push(): Code[] {
    return pushFrame(this.builder, this.framePointer, this.slotOf.size);
  }

  private slotFor(number: number): number {
    const slot = this.slotOf.get(number) ?? this.slotOf.size;
    this.slotOf.set(number, slot);
    return slot;
  }

  private getLocal(number: number): Code {
    const local = this.locals[number]!;
    return this.m.local.get(local, this.builder.typeOf(local));
  }

  private address(): Code {
    return this.m.local.get(this.framePointer, wasm.i32);
  }

  /** Stores a reference, or the instance of an interface. */
  private storeSlot(number: number, value: Code): Code {
    const { m } = this;
    const store = this.builder.typeOf(this.locals[number]!) === wasm.pair ? m.i64.store32 : m.i32.store;
    return store(this.slotFor(number) * WORD, 4, this.address(), value);
  }

  /** Reads a slot into its local; the value is the new one. */
  private reload(number: number): Code {
    const { m } = this;
    const local = this.locals[number]!;
    const offset = this.slotFor(number) * WORD;
    if (this.builder.typeOf(local) !== wasm.pair) {
      return m.local.tee(local, m.ref.load(offset, 4, this.address()), wasm.ref);
    }
    const vtable = m.i64.and(m.local.get(local, wasm.pair), m.i64.const(HIGH_WORD));
    const value = m.i64.or(vtable, m.i64.load32_u(offset, 4, this.address()));
    return m.local.tee(local, wasm.typed(value, wasm.pair), wasm.pair);
  }
}

/** Adds the locals that the code reads. */
function addRead(code: Code, read: Set<number>): void {
  if (code.kind === "local" && code.bytes[0] === GET) read.add(code.number);
  for (const part of code.parts) addRead(part, read);
}
