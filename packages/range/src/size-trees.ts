import { EXACT_SIZES, FLOATS, LEFT, PARENT, PRIORITY, RIGHT, SIZE, START, WORDS } from "./layout.ts";
import type { Records } from "./records.ts";

/** Where the random numbers start. */
const SEED = 0x9e37_79b9;

/*
 * The free ranges by size, those of one size by start. Most are small: so each size below 1024 has a tree of its own, and one that is not empty a bit, by
 * which the next larger one is found; tree 0 has all that are larger. A tree is a treap (Seidel and Aragon 1996): a search tree that is a heap by random
 * priorities, so that it is about balanced for any sequence of sizes. A range has a higher priority than those below it. Each knows its parent, so that a
 * range is taken out without a search. Ranges are indexes of records; 0 is none.
 */

/** The free ranges of a space by size; see above. Costs are on average. */
export class SizeTrees {
  /** The root of each size's tree; the first is that of the larger ones. */
  private readonly roots: Int32Array = new Int32Array(EXACT_SIZES);
  /** A bit for each size that has a range, and one for each word of these that is not 0. */
  private readonly sizes: Int32Array = new Int32Array(EXACT_SIZES >>> 5);
  private words = 0;
  private readonly records: Records;
  /** State of the random numbers: the same for all, so that a program does the same each time. */
  private random = SEED;

  constructor(records: Records) {
    this.records = records;
  }

  /** The smallest range of at least `size`, of several the lowest; 0 when there is none. O(log ranges). */
  best(size: number): number {
    const { i32, f64 } = this.records;
    const exact = size < EXACT_SIZES ? this.nextSize(size) : 0;
    let found = 0;
    if (exact !== 0) {
      for (let range = this.roots[exact] as number; range !== 0; range = i32[WORDS * range + LEFT] as number)
        found = range;
      return found;
    }
    for (let range = this.roots[0] as number; range !== 0; ) {
      if ((f64[FLOATS * range + SIZE] as number) >= size) {
        found = range;
        range = i32[WORDS * range + LEFT] as number;
      } else range = i32[WORDS * range + RIGHT] as number;
    }
    return found;
  }

  /** The size of the largest range, 0 when there is none. O(log ranges). */
  largest(): number {
    const { i32, f64 } = this.records;
    let range = this.roots[0] as number;
    if (range === 0) {
      if (this.words === 0) return 0;
      const word = highestBit(this.words);
      return word * 32 + highestBit(this.sizes[word] as number);
    }
    for (let right = range; right !== 0; right = i32[WORDS * right + RIGHT] as number) range = right;
    return f64[FLOATS * range + SIZE] as number;
  }

  /** Adds a range by the bounds that it has now. O(log ranges). */
  add(range: number): void {
    const { i32, f64 } = this.records;
    const start = f64[FLOATS * range + START] as number;
    const size = f64[FLOATS * range + SIZE] as number;
    const at = WORDS * range;
    i32[at + LEFT] = i32[at + RIGHT] = 0;
    i32[at + PRIORITY] = this.nextRandom();
    const tree = treeOf(size);
    let parent = 0;
    let side = LEFT;
    for (let next = this.roots[tree] as number; next !== 0; next = i32[WORDS * parent + side] as number) {
      parent = next;
      const other = f64[FLOATS * next + SIZE] as number;
      side = size < other || (size === other && start < (f64[FLOATS * next + START] as number)) ? LEFT : RIGHT;
    }
    i32[at + PARENT] = parent;
    if (parent === 0) {
      this.roots[tree] = range;
      if (tree !== 0) this.note(tree, true);
      return;
    }
    i32[WORDS * parent + side] = range;
    for (; parent !== 0; parent = i32[at + PARENT] as number) {
      if ((i32[WORDS * parent + PRIORITY] as number) >= (i32[at + PRIORITY] as number)) break;
      this.lift(range, parent);
    }
  }

  /** Takes a range out, whose bounds are those that it was added with. O(1). */
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
    this.roots.fill(0);
    this.sizes.fill(0);
    this.words = 0;
  }

  /**
   * Walks all trees. O(ranges).
   * @returns how many ranges there are, -1 when some are out of order or linked wrongly
   */
  verify(): number {
    let count = 0;
    for (let tree = 0; tree < EXACT_SIZES; tree++) {
      const ranges = this.rangesOf(tree);
      const bit = ((this.sizes[tree >>> 5] as number) >>> tree) & 1;
      if (tree !== 0 && (bit === 1) !== ranges.length > 0) return -1;
      if (!this.isOrdered(tree, ranges)) return -1;
      count += ranges.length;
    }
    for (let word = 0; word < this.sizes.length; word++) {
      if (((this.words >>> word) & 1) !== Number(this.sizes[word] !== 0)) return -1;
    }
    return count;
  }

  private rangesOf(tree: number): number[] {
    const { i32 } = this.records;
    const ranges: number[] = [];
    const waiting: number[] = [];
    for (let range = this.roots[tree] as number; range !== 0 || waiting.length > 0; ) {
      for (; range !== 0; range = i32[WORDS * range + LEFT] as number) waiting.push(range);
      range = waiting.pop() as number;
      ranges.push(range);
      range = i32[WORDS * range + RIGHT] as number;
    }
    return ranges;
  }

  private isOrdered(tree: number, ranges: readonly number[]): boolean {
    const { i32, f64 } = this.records;
    return ranges.every((range, i) => {
      const size = f64[FLOATS * range + SIZE] as number;
      const parent = i32[WORDS * range + PARENT] as number;
      const isBelow =
        parent === 0
          ? range === this.roots[tree]
          : (i32[WORDS * parent + PRIORITY] as number) >= (i32[WORDS * range + PRIORITY] as number);
      const last = ranges[i - 1] ?? 0;
      const more = size - (f64[FLOATS * last + SIZE] as number);
      const isHigher = (f64[FLOATS * range + START] as number) > (f64[FLOATS * last + START] as number);
      return isBelow && treeOf(size) === tree && (i === 0 || more > 0 || (more === 0 && isHigher));
    });
  }

  /** The smallest size from one on that has a range; 0 when there is none below the largest ones. */
  private nextSize(size: number): number {
    let word = size >>> 5;
    let bits = (this.sizes[word] as number) & (-1 << size);
    if (bits === 0) {
      const words = this.words & (-2 << word);
      if (words === 0) return 0;
      word = lowestBit(words);
      bits = this.sizes[word] as number;
    }
    return word * 32 + lowestBit(bits);
  }

  /** Notes that a size has ranges, or has none any more. */
  private note(size: number, has: boolean): void {
    const word = size >>> 5;
    const bit = 1 << size;
    const bits = ((this.sizes[word] as number) & ~bit) | (has ? bit : 0);
    this.sizes[word] = bits;
    if (bits === 0) this.words &= ~(1 << word);
    else this.words |= 1 << word;
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
    if (parent === 0) {
      const tree = treeOf(this.records.f64[FLOATS * range + SIZE] as number);
      this.roots[tree] = other;
      if (other === 0 && tree !== 0) this.note(tree, false);
    } else i32[WORDS * parent + (i32[WORDS * parent + LEFT] === range ? LEFT : RIGHT)] = other;
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

/** The tree of a size. */
function treeOf(size: number): number {
  return size < EXACT_SIZES ? size : 0;
}

function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function highestBit(bits: number): number {
  return 31 - Math.clz32(bits);
}
