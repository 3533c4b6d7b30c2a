/**
 * Which references of a function live across a possible collection. The code is walked backward: a local lives from where it is set to where it is
 * read last. O(code times references / 32), but for loops, whose code is walked until nothing is new.
 */
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { isSlowly } from "./operands.ts";

/** A set of small numbers. */
export class Bits {
  private readonly words: Uint32Array;

  constructor(size: number) {
    this.words = new Uint32Array((size + 31) >>> 5);
  }

  copy(): Bits {
    const copy = new Bits(this.words.length * 32);
    copy.words.set(this.words);
    return copy;
  }

  has(i: number): boolean {
    return (this.words[i >>> 5]! & (1 << (i & 31))) !== 0;
  }

  add(i: number): void {
    this.words[i >>> 5]! |= 1 << (i & 31);
  }

  delete(i: number): void {
    this.words[i >>> 5]! &= ~(1 << (i & 31));
  }

  clear(): void {
    this.words.fill(0);
  }

  set(other: Bits): void {
    this.words.set(other.words);
  }

  /** Adds what the other has. @returns whether that was something new */
  addAll(other: Bits): boolean {
    const { words } = this;
    let isNew = false;
    for (let i = 0; i < words.length; i++) {
      const both = (words[i]! | other.words[i]!) >>> 0;
      isNew ||= both !== words[i];
      words[i] = both;
    }
    return isNew;
  }

  /** The numbers, in their order. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.words.length; i++) {
      for (let rest = this.words[i]!; rest !== 0; rest &= rest - 1) yield i * 32 + 31 - Math.clz32(rest & -rest);
    }
  }
}

const GET = 0x20;
const RETURN = 0x0f;

/** The answers for one function. References have numbers from 0 on. */
export class Liveness {
  /** What lives across a call that may collect. */
  readonly rooted: Bits;
  /** What lives across an allocation, by the code that `slowly` made. */
  readonly acrossSlow: Map<Code, Bits> = new Map();
  /** What lives where a loop starts. */
  readonly atLoop: Map<Code, Bits> = new Map();
  private readonly numbers: ReadonlyMap<number, number>;
  private readonly context: ModuleContext;
  /** What lives where a label goes on. */
  private readonly labels: Map<string, Bits> = new Map();

  /** @param numbers of the locals that are references */
  constructor(body: Code, numbers: ReadonlyMap<number, number>, context: ModuleContext) {
    this.numbers = numbers;
    this.context = context;
    this.rooted = new Bits(numbers.size);
    this.walk(body, new Bits(numbers.size));
  }

  /** Makes what lives behind the code what lives before it. */
  private walk(code: Code, live: Bits): void {
    const { parts } = code;
    switch (code.kind) {
      case "local": {
        const number = this.numbers.get(code.number);
        if (number !== undefined) {
          if (code.bytes[0] === GET) live.add(number);
          else live.delete(number);
        }
        break;
      }
      case "call":
      case "indirect":
        if (this.context.mayCollect(code)) this.rooted.addAll(live);
        break;
      case "branch":
        if (parts.length === 0) live.set(this.labels.get(code.name)!);
        else live.addAll(this.labels.get(code.name)!);
        break;
      case "block":
        this.labels.set(code.name, live.copy());
        break;
      case "loop":
        this.walkLoop(code, live);
        return;
      case "if":
        this.walkIf(code, live);
        return;
      case "plain":
        if (code.type === wasm.unreachable && (code.bytes[0] === 0 || code.bytes[0] === RETURN)) live.clear();
        break;
      default:
    }
    for (let i = parts.length - 1; i >= 0; i--) this.walk(parts[i]!, live);
  }

  private walkLoop(code: Code, live: Bits): void {
    const behind = live.copy();
    const start = this.atLoop.get(code) ?? new Bits(this.numbers.size);
    this.atLoop.set(code, start);
    this.labels.set(code.name, start);
    do {
      live.set(behind);
      for (let i = code.parts.length - 1; i >= 0; i--) this.walk(code.parts[i]!, live);
    } while (start.addAll(live));
  }

  private walkIf(code: Code, live: Bits): void {
    const [condition, then, otherwise] = code.parts;
    const thenLive = live.copy();
    if (otherwise !== undefined) this.walk(otherwise, live);
    if (isSlowly(code)) {
      // The rare part keeps what lives by itself.
      this.acrossSlow.set(code, thenLive);
      live.addAll(thenLive);
    } else {
      this.walk(then!, thenLive);
      live.addAll(thenLive);
    }
    this.walk(condition!, live);
  }
}
