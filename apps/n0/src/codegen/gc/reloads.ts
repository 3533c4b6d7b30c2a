/**
 * Gives slots to references that live across a possible collection, and reads them back behind it. The code is walked forward, with the locals that may
 * be stale: those of before the last call that may collect. It is walked twice: first to see where something is read back, which says who has to set its slot.
 */
import * as wasm from "../../wasm/index.ts";
import type { Code } from "../context.ts";
import type { FunctionBuilder } from "../function-builder.ts";
import { Bits } from "./bits.ts";
import { popFrame, pushFrame, slotBytes } from "./frame.ts";
import { type Liveness, LocalNeeds, SlotNeeds } from "./liveness.ts";
import { CALLING, isSlowly, type Operands } from "./operands.ts";

const GET = 0x20;
const TEE = 0x22;
const HIGH_WORD = -0x1_0000_0000n;

/** What is known of the locals at one place; what holds on one way there holds. */
class Known {
  /** Those that may be of before the last call that may collect. */
  readonly stale: Bits;
  /** Those whose slot may have another value. */
  readonly unsaved: Bits;

  constructor(stale: Bits, unsaved: Bits) {
    this.stale = stale;
    this.unsaved = unsaved;
  }

  copy(): Known {
    return new Known(this.stale.copy(), this.unsaved.copy());
  }

  /** Adds what holds on another way. @returns whether something was new */
  addAll({ stale, unsaved }: Known): boolean {
    const isNew = this.stale.addAll(stale);
    return this.unsaved.addAll(unsaved) || isNew;
  }

  clear(): void {
    this.stale.clear();
    this.unsaved.clear();
  }
}

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
  /** What is known here. */
  private known: Known;
  /** Whether no way leads here. */
  private dead = false;
  /** What is known where a label goes on. */
  private readonly labels: Map<string, Known | null> = new Map();
  /** What is known where loops start. */
  private readonly atLoops: Map<Code, Known> = new Map();
  /** Whether this is the first walk; then, where it would read back. */
  private planning = true;
  private readonly reads: Set<Code> = new Set();
  private readonly beforeLoops: Map<Code, Set<number>> = new Map();
  private readonly needs: SlotNeeds;
  private readonly localNeeds: LocalNeeds;

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
    this.known = new Known(new Bits(locals.length), new Bits(locals.length));
    this.rewrite(body);
    this.planning = false;
    this.die();
    this.dead = false;
    for (let number = 0; number < locals.length; number++) this.known.unsaved.add(number);
    const plan = { reads: this.reads, beforeLoops: this.beforeLoops };
    this.needs = new SlotNeeds(body, numbers, plan);
    this.localNeeds = new LocalNeeds(body, numbers, plan, liveness.acrossSlow, this.alwaysSaved(body));
    for (const number of this.needs.atStart) {
      this.known.unsaved.delete(number);
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
        if (this.builder.context.mayCollect(code)) this.known.stale.addAll(this.liveness.rooted);
        return call;
      }
      case "branch": {
        const branch = this.withParts(code);
        const target = this.labels.get(code.name);
        if (target === null) this.labels.set(code.name, this.known.copy());
        else target?.addAll(this.known);
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
    this.known.clear();
  }

  /** One more way leads here. */
  private join(arriving: Known): void {
    this.known.addAll(arriving);
    this.dead = false;
  }

  private rewriteLocal(code: Code): Code {
    const number = this.numbers.get(code.number);
    const local = this.withParts(code);
    if (number === undefined || !this.liveness.rooted.has(number)) return local;
    if (code.bytes[0] === GET) {
      if (!this.known.stale.has(number)) return local;
      this.known.stale.delete(number);
      if (this.planning) this.reads.add(code);
      return this.keeps("reload", number) ? this.reload(number) : local;
    }
    this.known.stale.delete(number);
    if (this.planning) return local;
    if (!this.needs.setters.has(code)) {
      this.known.unsaved.add(number);
      return local;
    }
    this.known.unsaved.delete(number);
    if (!this.keeps("root", number)) return local;
    const { m } = this;
    const [value] = local.parts as [Code];
    const type = this.builder.typeOf(code.number);
    const stored = this.storeSlot(number, m.local.tee(code.number, value, type));
    return code.bytes[0] === TEE ? m.block(null, [stored, this.getLocal(number)], type) : stored;
  }

  private rewriteLoop(code: Code): Code {
    if (!this.planning) this.addUnsaved(code);
    return this.operands.collects(code) === CALLING ? this.rewriteCalling(code) : this.rewriteQuiet(code);
  }

  /** A loop that calls: what the ways back to its start leave stale is stale there. The first walk walks it until nothing is new. */
  private rewriteCalling(code: Code): Code {
    const start = this.atLoops.get(code) ?? this.known.copy();
    this.atLoops.set(code, start);
    start.addAll(this.known);
    if (!this.planning) {
      this.known.addAll(start);
      return this.withParts(code);
    }
    const wasDead = this.dead;
    this.labels.set(code.name, start);
    let loop: Code;
    let before: Known;
    do {
      before = start.copy();
      this.known = start.copy();
      this.dead = wasDead;
      loop = this.withParts(code);
    } while (before.addAll(start));
    return loop;
  }

  /** In a loop that does not, what is stale is read back once, before it. */
  private rewriteQuiet(code: Code): Code {
    const { stale } = this.known;
    const before: Code[] = [];
    const live = this.liveness.atLoop.get(code)!;
    const read = new Set<number>();
    addRead(code, read);
    for (const number of [...stale]) {
      if (!live.has(number) || !read.has(this.locals[number]!)) continue;
      if (this.planning) this.beforeLoops.set(code, (this.beforeLoops.get(code) ?? new Set()).add(number));
      if (this.keeps("reload before a loop", number)) before.push(this.m.drop(this.reload(number)));
      stale.delete(number);
    }
    const loop = this.withParts(code);
    return before.length === 0 ? loop : this.m.block(null, [...before, loop], loop.type);
  }

  /** The locals whose slot has their value wherever they have one. */
  private alwaysSaved(body: Code): Bits {
    const { params } = this.builder.signature;
    const saved = new Bits(this.locals.length);
    this.locals.forEach((local, number) => {
      if (local >= params.length || this.needs.atStart.has(number)) saved.add(number);
    });
    const visit = (code: Code): void => {
      if (this.setsUnsaved(code)) saved.delete(this.numbers.get(code.number)!);
      code.parts.forEach(visit);
    };
    visit(body);
    return saved;
  }

  /** Whether code sets a reference without its slot. */
  private setsUnsaved(code: Code): boolean {
    return (
      code.kind === "local" && code.bytes[0] !== GET && this.numbers.has(code.number) && !this.needs.setters.has(code)
    );
  }

  /** Notes the locals that a loop sets without their slots: at its start, a later turn finds them so. */
  private addUnsaved(code: Code): void {
    if (this.setsUnsaved(code)) this.known.unsaved.add(this.numbers.get(code.number)!);
    for (const part of code.parts) this.addUnsaved(part);
  }

  private rewriteIf(code: Code): Code {
    const [condition, then, otherwise] = code.parts as [Code, Code, Code | undefined];
    const parts = [this.rewrite(condition)];
    const wasDead = this.dead;
    const atStart = this.known.copy();
    parts.push(this.rewrite(then));
    const afterThen = this.known;
    const thenDead = this.dead;
    this.known = atStart;
    this.dead = wasDead;
    if (otherwise !== undefined) parts.push(this.rewrite(otherwise));
    if (!thenDead) {
      this.known.addAll(afterThen);
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
      if (this.known.stale.has(number)) continue;
      if (this.known.unsaved.has(number) && this.keeps("root at an allocation", number)) {
        before.push(this.storeSlot(number, this.getLocal(number)));
      }
      const isRead = this.planning || this.localNeeds.behindSlow.get(code)!.has(number);
      if (isRead && this.keeps("reload at an allocation", number)) behind.push(m.drop(this.reload(number)));
    }
    const rare =
      this.hasFrame || before.length === 0
        ? [...before, slow, ...behind]
        : [...this.push(), ...before, slow, ...behind, popFrame(builder, this.framePointer, this.slots)];
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
    const { context } = this.builder;
    const store = this.builder.typeOf(this.locals[number]!) === wasm.pair ? m.i64.store32 : m.i32.store;
    const offset = this.slotFor(number) * slotBytes(context);
    const stored = store(offset, 4, this.address(), value);
    if (!context.recorded) return stored;
    const address = m.i32.add(this.address(), m.i32.const(offset));
    return m.block(null, [
      stored,
      context.runtime("mph_record_store", [address, m.i32.load(offset, 4, this.address())]),
    ]);
  }

  /** Reads a slot into its local; the value is the new one. */
  private reload(number: number): Code {
    const { m } = this;
    const local = this.locals[number]!;
    const offset = this.slotFor(number) * slotBytes(this.builder.context);
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
