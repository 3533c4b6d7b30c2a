/**
 * What is known of the references of a function by walking its code backward. References have numbers from 0 on. O(code times references / 32), but for
 * loops, whose code is walked until nothing is new.
 */
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { Bits } from "./bits.ts";
import { isSlowly } from "./operands.ts";

const GET = 0x20;
const RETURN = 0x0f;

/** Walks backward with the set of the references for which something is still to come. */
abstract class Backward {
  protected readonly numbers: ReadonlyMap<number, number>;
  /** The set where a label goes on. */
  private readonly labels: Map<string, Bits> = new Map();
  /** The sets where loops start. */
  readonly atLoop: Map<Code, Bits> = new Map();

  /** @param numbers of the locals that are references */
  constructor(numbers: ReadonlyMap<number, number>) {
    this.numbers = numbers;
  }

  /** A reference is read. */
  protected abstract read(code: Code, number: number, coming: Bits): void;
  /** A reference is set. */
  protected abstract set(code: Code, number: number, coming: Bits): void;
  protected call(_code: Code, _coming: Bits): void {}
  /** The rare part of an allocation, which keeps what lives by itself. */
  protected slow(_code: Code, _coming: Bits): void {}
  /** A loop is about to start. */
  protected beforeLoop(_code: Code, _coming: Bits): void {}

  /** Makes what is to come behind the code what is to come before it. */
  protected walk(code: Code, coming: Bits): void {
    const { parts } = code;
    switch (code.kind) {
      case "local": {
        const number = this.numbers.get(code.number);
        if (number === undefined) break;
        if (code.bytes[0] === GET) this.read(code, number, coming);
        else this.set(code, number, coming);
        break;
      }
      case "call":
      case "indirect":
        this.call(code, coming);
        break;
      case "branch":
        if (parts.length === 0) coming.set(this.labels.get(code.name)!);
        else coming.addAll(this.labels.get(code.name)!);
        break;
      case "block":
        this.labels.set(code.name, coming.copy());
        break;
      case "loop":
        this.walkLoop(code, coming);
        return;
      case "if":
        this.walkIf(code, coming);
        return;
      case "plain":
        if (code.type === wasm.unreachable && (code.bytes[0] === 0 || code.bytes[0] === RETURN)) coming.clear();
        break;
      default:
    }
    for (let i = parts.length - 1; i >= 0; i--) this.walk(parts[i]!, coming);
  }

  private walkLoop(code: Code, coming: Bits): void {
    const behind = coming.copy();
    const start = this.atLoop.get(code) ?? new Bits(this.numbers.size);
    this.atLoop.set(code, start);
    this.labels.set(code.name, start);
    do {
      coming.set(behind);
      for (let i = code.parts.length - 1; i >= 0; i--) this.walk(code.parts[i]!, coming);
    } while (start.addAll(coming));
    this.beforeLoop(code, coming);
  }

  private walkIf(code: Code, coming: Bits): void {
    const [condition, then, otherwise] = code.parts;
    const behindThen = coming.copy();
    if (otherwise !== undefined) this.walk(otherwise, coming);
    if (isSlowly(code)) this.slow(code, behindThen);
    else this.walk(then!, behindThen);
    coming.addAll(behindThen);
    this.walk(condition!, coming);
  }
}

/** Which references live across a possible collection: a local lives from where it is set to where it is read last. */
export class Liveness extends Backward {
  /** What lives across a call that may collect. */
  readonly rooted: Bits;
  /** What lives across an allocation, by the code that `slowly` made. */
  readonly acrossSlow: Map<Code, Bits> = new Map();
  private readonly context: ModuleContext;

  constructor(body: Code, numbers: ReadonlyMap<number, number>, context: ModuleContext) {
    super(numbers);
    this.context = context;
    this.rooted = new Bits(numbers.size);
    this.walk(body, new Bits(numbers.size));
  }

  protected override read(_code: Code, number: number, live: Bits): void {
    live.add(number);
  }

  protected override set(_code: Code, number: number, live: Bits): void {
    live.delete(number);
  }

  protected override call(code: Code, live: Bits): void {
    if (this.context.mayCollect(code)) this.rooted.addAll(live);
  }

  protected override slow(code: Code, live: Bits): void {
    this.acrossSlow.set(code, live.copy());
  }
}

/** Where references are read back. */
export interface ReloadPlan {
  /** Reads of locals. */
  readonly reads: ReadonlySet<Code>;
  /** Before loops. */
  readonly beforeLoops: ReadonlyMap<Code, ReadonlySet<number>>;
}

/** Which values need their slot: those that are read back, on some way. */
export class SlotNeeds extends Backward {
  /** What sets a local to such a value. */
  readonly setters: Set<Code> = new Set();
  /** What the function starts with. */
  readonly atStart: Bits;
  private readonly plan: ReloadPlan;

  constructor(body: Code, numbers: ReadonlyMap<number, number>, plan: ReloadPlan) {
    super(numbers);
    this.plan = plan;
    this.atStart = new Bits(numbers.size);
    this.walk(body, this.atStart);
  }

  protected override read(code: Code, number: number, needed: Bits): void {
    if (this.plan.reads.has(code)) needed.add(number);
  }

  protected override set(code: Code, number: number, needed: Bits): void {
    if (needed.has(number)) this.setters.add(code);
    needed.delete(number);
  }

  protected override beforeLoop(code: Code, needed: Bits): void {
    for (const number of this.plan.beforeLoops.get(code) ?? []) needed.add(number);
  }
}

/** Which locals are read themselves before they are set or read back: those that an allocation has to leave right. */
export class LocalNeeds extends Backward {
  /** By the code that `slowly` made. */
  readonly behindSlow: Map<Code, Bits> = new Map();
  private readonly plan: ReloadPlan;
  private readonly acrossSlow: ReadonlyMap<Code, Bits>;
  private readonly saved: Bits;

  /** @param saved those whose slot always has their value */
  constructor(
    body: Code,
    numbers: ReadonlyMap<number, number>,
    plan: ReloadPlan,
    acrossSlow: ReadonlyMap<Code, Bits>,
    saved: Bits,
  ) {
    super(numbers);
    this.plan = plan;
    this.acrossSlow = acrossSlow;
    this.saved = saved;
    this.walk(body, new Bits(numbers.size));
  }

  protected override read(code: Code, number: number, needed: Bits): void {
    if (this.plan.reads.has(code)) needed.delete(number);
    else needed.add(number);
  }

  protected override set(_code: Code, number: number, needed: Bits): void {
    needed.delete(number);
  }

  /** What lives is stored there, unless it is. */
  protected override slow(code: Code, needed: Bits): void {
    this.behindSlow.set(code, needed.copy());
    for (const number of this.acrossSlow.get(code)!) if (!this.saved.has(number)) needed.add(number);
  }

  protected override beforeLoop(code: Code, needed: Bits): void {
    for (const number of this.plan.beforeLoops.get(code) ?? []) needed.delete(number);
  }
}
