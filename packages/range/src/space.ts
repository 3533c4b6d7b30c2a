import { requireStack } from "@morph/memory";
import { FLOATS, SIZE, START } from "./layout.ts";
import { LiveRanges } from "./live-ranges.ts";
import { Records } from "./records.ts";
import { SizeTrees } from "./size-trees.ts";

/*
 * A space from 0 to its length, cut into ranges side by side. Each knows the ones before and behind it, so that what is freed meets its free
 * neighbours without a search:
 *
 *   0                                                    length
 *   ┌─────────┬──────┬───────────┬──────┬──────────────────┐
 *   │ live    │ free │ live      │ live │ free             │     no two free ranges meet
 *   └─────────┴──────┴───────────┴──────┴──────────────────┘
 *
 * Ranges are indexes of records; 0 is none, and stands before the first and behind the last.
 */

const FIRST_CAPACITY = 16;

/** Cuts a space into live and free ranges; see above. */
export class Space {
  private length = 0;
  private readonly records: Records = new Records(FIRST_CAPACITY);
  /** The ranges before and behind range `i` at `2 * i`: a ring through 0. */
  private neighbours = new Int32Array(2 * FIRST_CAPACITY);
  /** 1 for each range that is free. */
  private free = new Uint8Array(FIRST_CAPACITY);
  private readonly live: LiveRanges = new LiveRanges(this.records);
  private readonly bySize: SizeTrees = new SizeTrees(this.records);
  /** Indexes that are or were in use, and the first that is not in use now: these are linked, each to the one behind it. */
  private indexes = 1;
  private unused = 0;

  /** The size of the largest free range; 0 when there is none. O(log free ranges). */
  get largest(): number {
    return this.bySize.largest();
  }

  /** How many ranges are live. O(1). */
  get count(): number {
    return this.live.count;
  }

  /** The live range that starts there, 0 when none does. O(1). */
  find(start: number): number {
    return this.live.find(start);
  }

  /** Where a range starts. */
  startOf(range: number): number {
    return this.records.f64[FLOATS * range + START] as number;
  }

  /** Its size. */
  sizeOf(range: number): number {
    return this.records.f64[FLOATS * range + SIZE] as number;
  }

  /** The range behind one, or behind 0 the first; 0 when there is none. */
  next(range: number): number {
    return this.neighbours[2 * range + 1] as number;
  }

  isFree(range: number): boolean {
    return this.free[range] === 1;
  }

  /** Makes the start of the smallest free range that is large enough live. O(log free ranges). @returns it, 0 when none is */
  take(size: number): number {
    const found = this.bySize.best(size);
    if (found === 0) return 0;
    if ((this.unused === 0 && this.indexes === this.free.length) || this.live.isFull) this.makeRoom();
    const { f64 } = this.records;
    const whole = f64[FLOATS * found + SIZE] as number;
    this.bySize.remove(found);
    if (whole === size) {
      this.free[found] = 0;
      this.live.add(found);
      return found;
    }
    const start = f64[FLOATS * found + START] as number;
    const taken = this.insertBefore(found, start, size);
    f64[FLOATS * found + START] = start + size;
    f64[FLOATS * found + SIZE] = whole - size;
    this.bySize.add(found);
    this.live.add(taken);
    return taken;
  }

  /** Makes a live range free, and merges it with its free neighbours. O(log free ranges). */
  give(range: number): void {
    this.live.remove(range);
    const { f64 } = this.records;
    const before = this.neighbours[2 * range] as number;
    const after = this.neighbours[2 * range + 1] as number;
    let whole = f64[FLOATS * range + SIZE] as number;
    if (this.free[after] === 1) {
      whole += f64[FLOATS * after + SIZE] as number;
      this.bySize.remove(after);
      this.drop(after);
    }
    let kept = range;
    if (this.free[before] === 1) {
      whole += f64[FLOATS * before + SIZE] as number;
      this.bySize.remove(before);
      this.drop(range);
      kept = before;
    }
    f64[FLOATS * kept + SIZE] = whole;
    this.free[kept] = 1;
    this.bySize.add(kept);
  }

  /** Makes the space longer. O(log free ranges). */
  grow(length: number): void {
    const more = length - this.length;
    if (more === 0) return;
    const last = this.neighbours[0] as number;
    this.addFree(this.length, more, last);
    this.length = length;
  }

  /**
   * Calls `move` for each live range that does not start where the ones before it end, lowest first, with that place, and puts it there. Then,
   * also when `move` throws, the free ranges are rebuilt. O(ranges log free ranges).
   */
  compact(move: (range: number, to: number) => void): void {
    let end = 0;
    try {
      for (let range = this.next(0); range !== 0; range = this.next(range)) {
        if (this.isFree(range)) continue;
        if (this.startOf(range) !== end) {
          move(range, end);
          this.live.remove(range);
          this.records.f64[FLOATS * range + START] = end;
          this.live.add(range);
        }
        end += this.sizeOf(range);
      }
    } finally {
      this.findFree();
    }
  }

  /** Makes all of it free. O(most ranges that were live). */
  clear(): void {
    this.bySize.clear();
    this.live.clear();
    this.neighbours[0] = this.neighbours[1] = 0;
    this.unused = 0;
    this.indexes = 1;
    if (this.length > 0) this.addFree(0, this.length, 0);
  }

  /** The range that a place lies in, 0 when it is outside. O(ranges). */
  rangeAt(place: number): number {
    for (let range = this.next(0); range !== 0; range = this.next(range)) {
      if (place >= this.startOf(range) && place < this.startOf(range) + this.sizeOf(range)) return range;
    }
    return 0;
  }

  /** Walks all ranges. O(ranges). @returns what is wrong first, "" when nothing is */
  verify(): string {
    let end = 0;
    let last = 0;
    let free = 0;
    let live = 0;
    for (let range = this.next(0); range !== 0; range = this.next(range)) {
      const start = this.startOf(range);
      if (start !== end)
        return `${Math.abs(start - end)} granules at ${end} are ${start > end ? "lost" : "twice there"}`;
      if (this.neighbours[2 * range] !== last) return `what starts at ${start} has another before it than lies there`;
      if (this.isFree(range)) {
        if (last !== 0 && this.isFree(last)) return `two free ranges meet at ${start}`;
        free++;
      } else {
        if (this.live.find(start) !== range) return `what starts at ${start} is not known by its start`;
        live++;
      }
      end = start + this.sizeOf(range);
      last = range;
    }
    if (end !== this.length) return `they end at granule ${end} instead of ${this.length}`;
    if (live !== this.count) return `${live} are live, ${this.count} counted`;
    const known = this.bySize.verify();
    if (known < 0) return "the free ones are out of order";
    return known === free ? "" : `${free} are free, ${known} known by their size`;
  }

  /** Makes free ranges of what lies between the live ones. */
  private findFree(): void {
    this.bySize.clear();
    let end = 0;
    let last = 0;
    for (let range = this.next(0); range !== 0; ) {
      const next = this.next(range);
      if (this.isFree(range)) this.drop(range);
      else {
        if (this.startOf(range) > end) this.addFree(end, this.startOf(range) - end, last);
        end = this.startOf(range) + this.sizeOf(range);
        last = range;
      }
      range = next;
    }
    if (this.length > end) this.addFree(end, this.length - end, last);
  }

  /** Makes a free range of a place behind a range that no range has yet. */
  private addFree(start: number, size: number, before: number): void {
    if (before !== 0 && this.free[before] === 1) {
      this.bySize.remove(before);
      this.records.f64[FLOATS * before + SIZE] = this.sizeOf(before) + size;
      this.bySize.add(before);
      return;
    }
    const range = this.insertBefore(this.next(before), start, size);
    this.free[range] = 1;
    this.bySize.add(range);
  }

  /** A new live range before another one, or with 0 behind all. */
  private insertBefore(after: number, start: number, size: number): number {
    let range = this.unused;
    if (range !== 0) this.unused = this.neighbours[2 * range + 1] as number;
    else {
      if (this.indexes === this.free.length) this.extend();
      range = this.indexes++;
    }
    const { neighbours } = this;
    const { f64 } = this.records;
    const before = neighbours[2 * after] as number;
    f64[FLOATS * range + START] = start;
    f64[FLOATS * range + SIZE] = size;
    neighbours[2 * range] = before;
    neighbours[2 * range + 1] = after;
    neighbours[2 * before + 1] = range;
    neighbours[2 * after] = range;
    this.free[range] = 0;
    return range;
  }

  private drop(range: number): void {
    const { neighbours } = this;
    const before = neighbours[2 * range] as number;
    const after = neighbours[2 * range + 1] as number;
    neighbours[2 * before + 1] = after;
    neighbours[2 * after] = before;
    neighbours[2 * range + 1] = this.unused;
    this.unused = range;
    this.free[range] = 0;
  }

  /** Makes room for more ranges, before anything is changed for one: what cannot be made, and a stack overflow, is thrown here. */
  private makeRoom(): void {
    requireStack();
    if (this.unused === 0 && this.indexes === this.free.length) this.extend();
    if (this.live.isFull) this.live.double();
  }

  private extend(): void {
    const neighbours = new Int32Array(2 * this.neighbours.length);
    neighbours.set(this.neighbours);
    const free = new Uint8Array(2 * this.free.length);
    free.set(this.free);
    // What could throw has been made by now.
    this.records.double();
    this.neighbours = neighbours;
    this.free = free;
  }
}
