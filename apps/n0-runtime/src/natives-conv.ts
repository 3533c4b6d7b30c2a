import type { Core } from "./core.ts";
import { parseDecimal, toDecimal } from "./decimal.ts";
import type { Objects } from "./objects.ts";
import type { Strings } from "./strings.ts";

/** Module conv. */
export class ConvNatives {
  private readonly core: Core;
  private readonly strings: Strings;
  private readonly objects: Objects;

  constructor(core: Core, strings: Strings, objects: Objects) {
    this.core = core;
    this.strings = strings;
    this.objects = objects;
  }

  /** An int as a string. */
  itoa(low: number, high: number): number {
    return this.strings.createFrom(toDecimal(low, high));
  }

  /** The int that a string starts with is the result. @returns an error, or null */
  atoi(string: number): number {
    const { core, strings } = this;
    const parsed = parseDecimal(core.bytes(strings.dataOf(string), strings.length(string)));
    if (parsed === undefined) {
      const error = this.objects.error(strings.createFrom("Invalid integer"));
      core.setResult(0, 0);
      return error;
    }
    core.setResult(parsed.low, parsed.high);
    return 0;
  }
}
