import type { RuntimeHeap } from "../runtime-heap.ts";
import { type ByteWriter, sleep } from "../writer.ts";

/** Module time. */
export class TimeNatives {
  private readonly heap: RuntimeHeap;
  private readonly stdout: ByteWriter;

  constructor(heap: RuntimeHeap, stdout: ByteWriter) {
    this.heap = heap;
    this.stdout = stdout;
  }

  /** The monotonic clock in ms is the result. */
  now(): void {
    const [seconds, nanoseconds] = process.hrtime();
    const ms = seconds * 1000 + Math.floor(nanoseconds / 1e6);
    this.heap.setResult(ms | 0, Math.floor(ms / 0x1_0000_0000));
  }

  /** Blocks for a 64-bit number of ms; what is written so far goes out before. */
  sleep(low: number, high: number): void {
    this.stdout.flush();
    sleep(high * 0x1_0000_0000 + (low >>> 0));
  }
}
