/*
 * What is known of a range, in 32 bytes, so that it comes with one line of the processor's cache:
 *
 *   byte 0       8        16      20      24       28
 *   ┌───────────┬────────┬───────┬───────┬────────┬──────────┐
 *   │ size      │ start  │ left  │ right │ parent │ priority │     the last four: the size tree's
 *   └───────────┴────────┴───────┴───────┴────────┴──────────┘
 */

/** Bytes of a record. */
const BYTES = 32;

/** Numbers of a record, the index of the first two among 64-bit floats and of the others among 32-bit integers. */
export const FLOATS = 4;
export const SIZE = 0;
export const START = 1;
export const WORDS = 8;
export const LEFT = 4;
export const RIGHT = 5;
export const PARENT = 6;
export const PRIORITY = 7;

/** The records of all ranges, by their index. */
export class Records {
  f64: Float64Array;
  i32: Int32Array;

  constructor(capacity: number) {
    const buffer = new ArrayBuffer(capacity * BYTES);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
  }

  /** Makes place for twice as many: both arrays are others then. O(records). */
  double(): void {
    const { i32, f64 } = new Records(2 * (this.i32.length / WORDS));
    i32.set(this.i32);
    this.f64 = f64;
    this.i32 = i32;
  }
}
