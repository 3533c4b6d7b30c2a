import { describe, MorphError, requireOptions } from "@morph/memory";
import { FreeRanges } from "./free-ranges.ts";

/** How to make {@link Ranges}. */
export interface RangesOptions {
  /** How many units there are, in whatever they count: bytes, vertices, texels. From 0 to 2^53 - 1. */
  length: number;
  /** Ranges start at multiples of it, in units, from 1 (the default). What is left of the last granule of a range is nobody's. */
  granule?: number;
}

/**
 * Hands out ranges of offsets in something that is not linear memory: a GPU buffer, an atlas, a file. The lowest place that is large enough is
 * taken, sizes are exact, and nothing is written to the space: the tables are JavaScript's.
 */
export class Ranges {
  private readonly granule: number;
  /** Granules in all. */
  private granules: number;
  private units: number;
  private readonly gaps: FreeRanges = new FreeRanges();
  /** Units of each live range, by its offset. */
  private readonly live: Map<number, number> = new Map();
  private usedUnits = 0;
  private moving = false;

  /** @throws ERR_MORPH_INVALID_CONFIG */
  constructor(options: RangesOptions) {
    requireOptions(options, ["length", "granule"]);
    const { length, granule = 1 } = options;
    if (!Number.isSafeInteger(length) || length < 0) throw invalid("length", "an integer from 0", length);
    if (!Number.isSafeInteger(granule) || granule < 1) throw invalid("granule", "an integer from 1", granule);
    this.granule = granule;
    this.units = length;
    this.granules = Math.floor(length / granule);
    if (this.granules > 0) this.gaps.add(0, this.granules);
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
    return this.live.size;
  }

  /** Units of the largest range that {@link tryAlloc} could hand out now. O(1). */
  get largestFree(): number {
    return this.gaps.largest * this.granule;
  }

  /**
   * Hands out the lowest `count` units in a row that are free. O(log free ranges).
   * @param count units, from 1
   * @returns their offset, a multiple of the granule, or -1 when there is no room
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_BUSY while {@link compact} runs
   */
  tryAlloc(count: number): number {
    this.requireIdle();
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `count: expected an integer from 1, got ${describe(count)}`);
    }
    const start = this.gaps.take(this.granulesOf(count));
    if (start < 0) return -1;
    const offset = start * this.granule;
    this.live.set(offset, count);
    this.usedUnits += count;
    return offset;
  }

  /**
   * Takes a range back. O(log free ranges).
   * @param offset as {@link tryAlloc} returned it
   * @throws ERR_MORPH_DOUBLE_FREE when nobody has what lies there, ERR_MORPH_INVALID_POINTER for everything else that is not the offset of a
   *   live range, ERR_MORPH_BUSY while {@link compact} runs; then nothing has changed
   */
  free(offset: number): void {
    this.requireIdle();
    const count = this.requireLive(offset);
    this.live.delete(offset);
    this.usedUnits -= count;
    this.gaps.add(offset / this.granule, this.granulesOf(count));
  }

  /** Units of a live range, as they were asked for. O(1). @throws as {@link free} */
  sizeOf(offset: number): number {
    return this.requireLive(offset);
  }

  /** Whether `offset` is a live range's. O(1). */
  owns(offset: number): boolean {
    return this.live.has(offset);
  }

  /** The offsets of all live ranges, ascending. O(ranges log ranges). */
  liveObjects(): number[] {
    return [...this.live.keys()].sort((a, b) => a - b);
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
    const granules = Math.floor(length / this.granule);
    if (granules > this.granules) this.gaps.add(this.granules, granules - this.granules);
    this.granules = granules;
    this.units = length;
  }

  /**
   * Moves all ranges down, so that what is free is one range at the end. O(ranges log ranges).
   * @param move called for each range that gets another offset, lowest first; it moves the `count` units. They may overlap their new place, as with
   *   `copyWithin`. When it throws, that range and those behind it stay where they are.
   * @throws what `move` throws, ERR_MORPH_BUSY when called by `move`
   */
  compact(move: (from: number, to: number, count: number) => void): void {
    this.requireIdle();
    this.moving = true;
    let end = 0;
    try {
      for (const from of this.liveObjects()) {
        const count = this.live.get(from) as number;
        const to = end * this.granule;
        if (from !== to) {
          move(from, to, count);
          this.live.delete(from);
          this.live.set(to, count);
        }
        end += this.granulesOf(count);
      }
    } finally {
      this.moving = false;
      this.findFree();
    }
  }

  /** Frees every range. O(ranges). @throws ERR_MORPH_BUSY while {@link compact} runs */
  reset(): void {
    this.requireIdle();
    this.live.clear();
    this.usedUnits = 0;
    this.findFree();
  }

  /**
   * Walks all ranges, live and free. O(ranges log ranges).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong
   */
  verify(): void {
    const all = [...this.gaps].map(([start, granules]) => ({ start, granules, free: true }));
    for (const offset of this.live.keys()) {
      all.push({
        start: offset / this.granule,
        granules: this.granulesOf(this.live.get(offset) as number),
        free: false,
      });
    }
    all.sort((a, b) => a.start - b.start);
    let end = 0;
    let wasFree = false;
    for (const { start, granules, free } of all) {
      if (start !== end)
        throw broken(`${Math.abs(start - end)} granules at ${end} are ${start > end ? "lost" : "twice there"}`);
      if (free && wasFree) throw broken(`two free ranges meet at ${start}`);
      end = start + granules;
      wasFree = free;
    }
    if (end !== this.granules) throw broken(`it ends at granule ${end} instead of ${this.granules}`);
  }

  /** What lies between the live ranges. */
  private findFree(): void {
    this.gaps.clear();
    let end = 0;
    for (const offset of this.liveObjects()) {
      const start = offset / this.granule;
      if (start > end) this.gaps.add(end, start - end);
      end = start + this.granulesOf(this.live.get(offset) as number);
    }
    if (this.granules > end) this.gaps.add(end, this.granules - end);
  }

  private granulesOf(count: number): number {
    return Math.ceil(count / this.granule);
  }

  private requireLive(offset: number): number {
    const count = this.live.get(offset);
    if (count !== undefined) return count;
    if (Number.isSafeInteger(offset) && offset >= 0 && this.gaps.has(Math.floor(offset / this.granule))) {
      throw new MorphError("ERR_MORPH_DOUBLE_FREE", `nobody has what lies at ${offset}`);
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
