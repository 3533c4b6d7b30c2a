import { FLOATS, LEFT, PARENT, PRIORITY, RIGHT, SIZE, START, WORDS } from "./layout.ts";
import type { Records } from "./records.ts";

/*
 * The free ranges by size, those of one size by start, in a treap (Seidel and Aragon 1996): a search tree that is a heap by random
 * priorities, so that it is about balanced for any sequence of sizes. A range has a higher priority than those below it. Each knows its parent, so that
 * a range is taken out without a search. Ranges are indexes of records; 0 is none.
 */

/** Where the random numbers start. */
const SEED = 0x9e3779b9;

/** The free ranges of a space by size; see above. Costs are on average. */
export class SizeTree {
  private root = 0;
  private readonly records: Records;
  /** State of the random numbers: the same for all, so that a program does the same each time. */
  private random = SEED;

  constructor(records: Records) {
    this.records = records;
  }

  /** The smallest range of at least `size`, of several the lowest; 0 when there is none. O(log ranges). */
  best(size: number): number {
    const { i32, f64 } = this.records;
    let found = 0;
    for (let range = this.root; range !== 0; ) {
      if ((f64[FLOATS * range + SIZE] as number) >= size) {
        found = range;
        range = i32[WORDS * range + LEFT] as number;
      } else range = i32[WORDS * range + RIGHT] as number;
    }
    return found;
  }

  /** The largest range, 0 when there is none. O(log ranges). */
  largest(): number {
    let range = this.root;
    for (let right = range; right !== 0; right = this.records.i32[WORDS * right + RIGHT] as number) range = right;
    return range;
  }

  /** Adds a range by the bounds that it has now. O(log ranges). */
  add(range: number): void {
    const { i32, f64 } = this.records;
    const start = f64[FLOATS * range + START] as number;
    const size = f64[FLOATS * range + SIZE] as number;
    const at = WORDS * range;
    i32[at + LEFT] = i32[at + RIGHT] = 0;
    i32[at + PRIORITY] = this.nextRandom();
    let parent = 0;
    let side = LEFT;
    for (let next = this.root; next !== 0; next = i32[WORDS * parent + side] as number) {
      parent = next;
      const other = f64[FLOATS * next + SIZE] as number;
      side = size < other || (size === other && start < (f64[FLOATS * next + START] as number)) ? LEFT : RIGHT;
    }
    i32[at + PARENT] = parent;
    if (parent === 0) this.root = range;
    else i32[WORDS * parent + side] = range;
    for (; parent !== 0; parent = i32[at + PARENT] as number) {
      if ((i32[WORDS * parent + PRIORITY] as number) >= (i32[at + PRIORITY] as number)) break;
      this.lift(range, parent);
    }
  }

  /** Takes a range out; its bounds may have changed since it was added. O(1). */
  remove(range: number): void {
    const { i32 } = this.records;
    const at = WORDS * range;
    // The child that may stand above the other takes its place, until there is at most one.
    for (;;) {
      const left = i32[at + LEFT] as number;
      const right = i32[at + RIGHT] as number;
      if (left === 0 || right === 0) {
        this.replace(range, left === 0 ? right : left);
        return;
      }
      const leftFirst = (i32[WORDS * left + PRIORITY] as number) > (i32[WORDS * right + PRIORITY] as number);
      this.lift(leftFirst ? left : right, range);
    }
  }

  /** Forgets all. O(1). */
  clear(): void {
    this.root = 0;
  }

  /**
   * Walks the tree. O(ranges).
   * @returns how many ranges there are, -1 when they are out of order or linked wrongly
   */
  verify(): number {
    const { i32, f64 } = this.records;
    let count = 0;
    let last = 0;
    const waiting: number[] = [];
    for (let range = this.root; range !== 0 || waiting.length > 0; ) {
      for (; range !== 0; range = i32[WORDS * range + LEFT] as number) waiting.push(range);
      range = waiting.pop() as number;
      const parent = i32[WORDS * range + PARENT] as number;
      if ((parent === 0) !== (range === this.root)) return -1;
      if (parent !== 0 && (i32[WORDS * parent + PRIORITY] as number) < (i32[WORDS * range + PRIORITY] as number))
        return -1;
      if (last !== 0) {
        const more = (f64[FLOATS * range + SIZE] as number) - (f64[FLOATS * last + SIZE] as number);
        if (
          more < 0 ||
          (more === 0 && (f64[FLOATS * range + START] as number) <= (f64[FLOATS * last + START] as number))
        )
          return -1;
      }
      last = range;
      count++;
      range = i32[WORDS * range + RIGHT] as number;
    }
    return count;
  }

  /** Puts a child in its parent's place, and the parent below it. */
  private lift(child: number, parent: number): void {
    const { i32 } = this.records;
    const side = i32[WORDS * parent + LEFT] === child ? LEFT : RIGHT;
    const inner = i32[WORDS * child + (LEFT + RIGHT - side)] as number;
    i32[WORDS * parent + side] = inner;
    if (inner !== 0) i32[WORDS * inner + PARENT] = parent;
    this.replace(parent, child);
    i32[WORDS * child + (LEFT + RIGHT - side)] = parent;
    i32[WORDS * parent + PARENT] = child;
  }

  /** Gives the parent of a range another child, or none, in its place. */
  private replace(range: number, other: number): void {
    const { i32 } = this.records;
    const parent = i32[WORDS * range + PARENT] as number;
    if (other !== 0) i32[WORDS * other + PARENT] = parent;
    if (parent === 0) this.root = other;
    else i32[WORDS * parent + (i32[WORDS * parent + LEFT] === range ? LEFT : RIGHT)] = other;
  }

  private nextRandom(): number {
    // Marsaglia's xorshift.
    let random = this.random;
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    this.random = random;
    return random;
  }
}
