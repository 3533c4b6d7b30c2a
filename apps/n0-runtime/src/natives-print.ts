import type { Core } from "./core.ts";
import { toDecimal } from "./decimal.ts";
import type { Strings } from "./strings.ts";

const LINE_END = new Uint8Array([10]);
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
    this.core.stdout.write(encoder.encode(`${toDecimal(low, high)}\n`));
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
