import { RECORD_BYTES, WORDS } from "./layout.ts";

/** The records of all ranges, by their index (layout: `layout.ts`). */
export class Records {
  f64: Float64Array;
  i32: Int32Array;

  constructor(capacity: number) {
    const buffer = new ArrayBuffer(capacity * RECORD_BYTES);
    this.f64 = new Float64Array(buffer);
    this.i32 = new Int32Array(buffer);
  }

  /** Doubles the room, with new arrays. O(records). */
  double(): void {
    const { i32, f64 } = new Records(2 * (this.i32.length / WORDS));
    i32.set(this.i32);
    this.f64 = f64;
    this.i32 = i32;
  }
}
