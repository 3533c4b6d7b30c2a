import type { Arrays } from "./arrays.ts";
import type { Core } from "./core.ts";
import { RuntimeFailure } from "./failure.ts";
import type { Strings } from "./strings.ts";

/** Module os: the program and its process. */
export class OsNatives {
  private readonly core: Core;
  private readonly strings: Strings;
  private readonly arrays: Arrays;
  private readonly programArgs: readonly string[];

  constructor(core: Core, strings: Strings, arrays: Arrays, programArgs: readonly string[]) {
    this.core = core;
    this.strings = strings;
    this.arrays = arrays;
    this.programArgs = programArgs;
  }

  /** An array of the program's arguments. */
  args(): number {
    const { core } = this;
    const array = this.arrays.create(this.programArgs.length, 8, 1);
    core.hold(array);
    this.programArgs.forEach((text, i) => {
      const string = this.strings.createFrom(text);
      core.setPointer((core.i32[array >>> 2] as number) + i * 8, string);
    });
    core.release(1);
    return array;
  }

  /** @throws the failure `exit`, always; its code has the low 8 bits */
  exit(code: number): never {
    throw new RuntimeFailure("exit", "", code & 255);
  }
}
