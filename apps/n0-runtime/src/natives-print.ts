import type { Core } from "./core.ts";
import { DECIMAL_BYTES, writeDecimal } from "./decimal.ts";
import type { Strings } from "./strings.ts";

const LINE_END = new Uint8Array([10]);
/** An int and its line end. */
const line = new Uint8Array(DECIMAL_BYTES + 1).fill(10);
const encoder = new TextEncoder();

/** The native_print functions: lines on stdout. */
export class PrintNatives {
  private readonly core: Core;
  private readonly strings: Strings;

  constructor(core: Core, strings: Strings) {
    this.core = core;
    this.strings = strings;
  }

  /** The string up to its first NUL, as C's `%s`, and a line end. */
  print(string: number): void {
    const { stdout } = this.core;
    stdout.write(this.strings.upToNul(string));
    stdout.write(LINE_END);
  }

  printInt(low: number, high: number): void {
    const start = writeDecimal(line, DECIMAL_BYTES, low, high);
    this.core.stdout.write(line.subarray(start));
  }

  /** `Error: ` and the message, `(nil)` for null. */
  printError(error: number): void {
    const { core } = this;
    if (error === 0) {
      core.stdout.write(encoder.encode("Error: (nil)\n"));
      return;
    }
    const message = core.i32[error >>> 2] as number;
    const bytes = this.strings.upToNul(message);
    core.stdout.write(encoder.encode("Error: "));
    core.stdout.write(bytes);
    core.stdout.write(LINE_END);
  }
}
