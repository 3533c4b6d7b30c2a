import type { RuntimeHeap } from "../runtime-heap.ts";
import type { Strings } from "../values/strings.ts";
import type { ByteWriter } from "../writer.ts";
import { DECIMAL_BYTES, writeDecimal } from "./decimal.ts";

const LINE_END = new Uint8Array([10]);
/** An int and its line end. */
const line = new Uint8Array(DECIMAL_BYTES + 1).fill(10);
const encoder = new TextEncoder();

/** The native_print functions: lines on stdout. */
export class PrintNatives {
  private readonly heap: RuntimeHeap;
  private readonly strings: Strings;
  private readonly stdout: ByteWriter;

  constructor(heap: RuntimeHeap, strings: Strings, stdout: ByteWriter) {
    this.heap = heap;
    this.strings = strings;
    this.stdout = stdout;
  }

  /** The string up to its first NUL, as C's `%s`, and a line end. */
  print(string: number): void {
    const { stdout } = this;
    stdout.write(this.strings.upToNul(string));
    stdout.write(LINE_END);
  }

  printInt(low: number, high: number): void {
    const start = writeDecimal(line, DECIMAL_BYTES, low, high);
    this.stdout.write(line.subarray(start));
  }

  /** `Error: ` and the message, `(nil)` for null. */
  printError(error: number): void {
    const { heap, stdout } = this;
    if (error === 0) {
      stdout.write(encoder.encode("Error: (nil)\n"));
      return;
    }
    const message = heap.i32[error >>> 2] as number;
    const bytes = this.strings.upToNul(message);
    stdout.write(encoder.encode("Error: "));
    stdout.write(bytes);
    stdout.write(LINE_END);
  }
}
