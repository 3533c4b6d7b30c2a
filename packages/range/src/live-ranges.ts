import { FLOATS, NEXT, START, WORDS } from "./layout.ts";
import type { Records } from "./records.ts";

/** 2^32 over the golden ratio: multiples of it spread over all buckets (Knuth, The Art of Computer Programming 3, 6.4). */
const GOLDEN = 0x9e37_79b1;
const WORD = 2 ** 32;

/** The live ranges by their start: a hash table of chains, which go through the records. Costs are on average. */
export class LiveRanges {
  /** How many there are. */
  count = 0;
  private readonly records: Records;
  /** The first range of each bucket. */
  private buckets: Int32Array = new Int32Array(16);
  /** How far a hash is shifted to be the number of a bucket. */
  private shift = 28;

  constructor(records: Records) {
    this.records = records;
  }

  /** The range that starts there, 0 when none does. O(1). */
  find(start: number): number {
    const { i32, f64 } = this.records;
    let range = this.buckets[this.bucketOf(start)] as number;
    while (range !== 0 && f64[FLOATS * range + START] !== start) range = i32[WORDS * range + NEXT] as number;
    return range;
  }

  /** Whether there are as many as buckets: more would make long chains. O(1). */
  get isFull(): boolean {
    return this.count >= this.buckets.length;
  }

  /** Makes twice as many buckets. O(ranges). */
  double(): void {
    const old = this.buckets;
    this.buckets = new Int32Array(2 * old.length);
    this.shift--;
    const { i32 } = this.records;
    for (const first of old) {
      for (let range = first; range !== 0; ) {
        const next = i32[WORDS * range + NEXT] as number;
        this.link(range);
        range = next;
      }
    }
  }

  /** Adds a range. O(1). */
  add(range: number): void {
    this.count++;
    this.link(range);
  }

  /** Takes out a range that is there. O(1). */
  remove(range: number): void {
    const { i32, f64 } = this.records;
    const bucket = this.bucketOf(f64[FLOATS * range + START] as number);
    const next = i32[WORDS * range + NEXT] as number;
    let before = this.buckets[bucket] as number;
    if (before === range) this.buckets[bucket] = next;
    else {
      while (i32[WORDS * before + NEXT] !== range) before = i32[WORDS * before + NEXT] as number;
      i32[WORDS * before + NEXT] = next;
    }
    this.count--;
  }

  /** Forgets all. O(buckets). */
  clear(): void {
    this.buckets.fill(0);
    this.count = 0;
  }

  private link(range: number): void {
    const { i32, f64 } = this.records;
    const bucket = this.bucketOf(f64[FLOATS * range + START] as number);
    i32[WORDS * range + NEXT] = this.buckets[bucket] as number;
    this.buckets[bucket] = range;
  }

  private bucketOf(start: number): number {
    const word = start < WORD ? start : start ^ (start / WORD);
    return Math.imul(word, GOLDEN) >>> this.shift;
  }
}
