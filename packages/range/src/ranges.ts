import { describe, MorphError, requireOptions, requireStack, StackGuard } from "@morph/memory";
import { rehearseOnce } from "./rehearsal.ts";
import { Space } from "./space.ts";

const allocating = /* @__PURE__ */ new StackGuard();
const freeing = /* @__PURE__ */ new StackGuard();

/** How to make {@link Ranges}. */
export interface RangesOptions {
  /** How many units there are, in whatever they count: bytes, vertices, texels. From 0 to 2^53 - 1. */
  length: number;
  /** Ranges start at multiples of it, in units, from 1 (the default). The rest of a range's last granule stays unused. */
  granule?: number;
}

/**
 * Hands out ranges of offsets in something that is not linear memory: a GPU buffer, an atlas, a file. The smallest free range that is large
 * enough is taken (best fit), of several the lowest; sizes are exact, and nothing is written to the space: the tables are JavaScript's.
 */
export class Ranges {
  private readonly granule: number;
  private units: number;
  /** All ranges, in granules. */
  private readonly space: Space = new Space();
  /** Units of each live range, as they were asked for, where a granule is more than one. */
  private readonly counts: number[] = [];
  private usedUnits = 0;
  private moving = false;

  /** @throws ERR_MORPH_INVALID_CONFIG */
  constructor(options: RangesOptions) {
    requireOptions(options, ["length", "granule"]);
    requireStack();
    rehearseOnce();
    const { length, granule = 1 } = options;
    if (!Number.isSafeInteger(length) || length < 0) throw invalid("length", "an integer from 0", length);
    if (!Number.isSafeInteger(granule) || granule < 1) throw invalid("granule", "an integer from 1", granule);
    this.granule = granule;
    this.units = length;
    this.space.grow(Math.floor(length / granule));
  }

  /** How many units there are, used or not. O(1). */
  get length(): number {
    return this.units;
  }

  /** Units of all live ranges, as they were asked for. O(1). */
  get used(): number {
    return this.usedUnits;
  }

  /** Live ranges. O(1). */
  get count(): number {
    return this.space.count;
  }

  /** Units of the largest range that {@link tryAlloc} could hand out now. O(log free ranges). */
  get largestFree(): number {
    return this.space.largest * this.granule;
  }

  /**
   * Hands out `count` units in a row: the start of the smallest free range that has so many, of several the lowest. O(log free ranges).
   * @param count units, from 1
   * @returns their offset, a multiple of the granule, or -1 when there is no room
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_BUSY while {@link compact} runs
   */
  tryAlloc(count: number): number {
    this.requireIdle();
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `count: expected an integer from 1, got ${describe(count)}`);
    }
    // A stack overflow comes here, before anything changes, or not at all.
    allocating.require(count);
    const range = this.space.take(Math.ceil(count / this.granule));
    if (range === 0) return -1;
    if (this.granule > 1) this.counts[range] = count;
    this.usedUnits += count;
    return this.space.startOf(range) * this.granule;
  }

  /**
   * Takes a range back. O(log free ranges).
   * @param offset as {@link tryAlloc} returned it
   * @throws ERR_MORPH_DOUBLE_FREE when what lies there is free, ERR_MORPH_INVALID_POINTER for everything else that is not the offset of a
   *   live range (which of the two: O(ranges)), ERR_MORPH_BUSY while {@link compact} runs; then nothing has changed
   */
  free(offset: number): void {
    this.requireIdle();
    const range = this.requireLive(offset);
    freeing.require(range);
    this.usedUnits -= this.countOf(range);
    this.space.give(range);
  }

  /** Units of a live range, as they were asked for. O(1). @throws as {@link free} */
  sizeOf(offset: number): number {
    return this.countOf(this.requireLive(offset));
  }

  /** Whether `offset` is a live range's. O(1). */
  owns(offset: number): boolean {
    return this.find(offset) !== 0;
  }

  /** The offsets of all live ranges, ascending. O(ranges). */
  liveObjects(): number[] {
    const offsets: number[] = [];
    for (let range = this.space.next(0); range !== 0; range = this.space.next(range)) {
      if (!this.space.isFree(range)) offsets.push(this.space.startOf(range) * this.granule);
    }
    return offsets;
  }

  /**
   * Makes the space longer. O(log free ranges).
   * @param length units in all, at least as many as there are
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_BUSY while {@link compact} runs
   */
  grow(length: number): void {
    this.requireIdle();
    if (!Number.isSafeInteger(length) || length < this.units) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `length: expected an integer from ${this.units}, got ${describe(length)}`,
      );
    }
    requireStack();
    this.space.grow(Math.floor(length / this.granule));
    this.units = length;
  }

  /**
   * Moves all ranges down, so that what is free is one range at the end. O(ranges).
   * @param move called for each range that gets another offset, lowest first; it moves the `count` units. They may overlap their new place, as with
   *   `copyWithin`. When it throws, that range and those behind it stay where they are.
   * @throws ERR_MORPH_INVALID_CONFIG when `move` is no function, what `move` throws, ERR_MORPH_BUSY when called by `move`
   */
  compact(move: (from: number, to: number, count: number) => void): void {
    this.requireIdle();
    if (typeof move !== "function") throw invalid("move", "a function", move);
    requireStack();
    const { space, granule } = this;
    this.moving = true;
    try {
      space.compact((range, start) => {
        const from = space.startOf(range) * granule;
        const to = start * granule;
        move(from, to, this.countOf(range));
      });
    } finally {
      this.moving = false;
    }
  }

  /** Frees every range. O(ranges). @throws ERR_MORPH_BUSY while {@link compact} runs */
  reset(): void {
    this.requireIdle();
    requireStack();
    this.usedUnits = 0;
    this.space.clear();
  }

  /**
   * Walks all ranges, live and free. O(ranges).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong, ERR_MORPH_BUSY while {@link compact} runs: then they are in between
   */
  verify(): void {
    this.requireIdle();
    const { space, granule } = this;
    const problem = space.verify();
    if (problem !== "") throw broken(problem);
    let used = 0;
    for (let range = space.next(0); range !== 0; range = space.next(range)) {
      if (space.isFree(range)) continue;
      const count = this.countOf(range);
      const offset = space.startOf(range) * granule;
      if (Math.ceil(count / granule) !== space.sizeOf(range)) throw broken(`${offset} has not the ${count} asked for`);
      used += count;
    }
    if (used !== this.usedUnits) throw broken(`${used} units are used, ${this.usedUnits} counted`);
  }

  private countOf(range: number): number {
    return this.granule > 1 ? (this.counts[range] as number) : this.space.sizeOf(range);
  }

  /** The live range at an offset, 0 when there is none. */
  private find(offset: number): number {
    if (typeof offset !== "number") return 0;
    return this.space.find(this.granule > 1 ? offset / this.granule : offset);
  }

  private requireLive(offset: number): number {
    return this.find(offset) || this.refuse(offset);
  }

  private refuse(offset: number): never {
    if (Number.isSafeInteger(offset) && offset >= 0) {
      if (this.space.isFree(this.space.rangeAt(Math.floor(offset / this.granule)))) {
        throw new MorphError("ERR_MORPH_DOUBLE_FREE", `what lies at ${offset} is free already`);
      }
    }
    throw new MorphError("ERR_MORPH_INVALID_POINTER", `expected the offset of a live range, got ${describe(offset)}`);
  }

  private requireIdle(): void {
    if (this.moving) throw new MorphError("ERR_MORPH_BUSY", "ranges are being moved: `move` may not change them");
  }
}

function invalid(name: string, expected: string, got: unknown): MorphError {
  return new MorphError("ERR_MORPH_INVALID_CONFIG", `${name}: expected ${expected}, got ${describe(got)}`);
}

function broken(what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the ranges are broken: ${what}`);
}
