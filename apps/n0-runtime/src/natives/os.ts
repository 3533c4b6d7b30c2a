import { RuntimeFailure } from "../failure.ts";
import type { RuntimeHeap } from "../runtime-heap.ts";
import type { Arrays } from "../values/arrays.ts";
import type { Strings } from "../values/strings.ts";

/** Module os: the program and its process. */
export class OsNatives {
  private readonly heap: RuntimeHeap;
  private readonly strings: Strings;
  private readonly arrays: Arrays;
  private readonly programArgs: readonly string[];

  constructor(heap: RuntimeHeap, strings: Strings, arrays: Arrays, programArgs: readonly string[]) {
    this.heap = heap;
    this.strings = strings;
    this.arrays = arrays;
    this.programArgs = programArgs;
  }

  /** An array of the program's arguments. */
  args(): number {
    const { heap } = this;
    const place = heap.hold(this.arrays.create(this.programArgs.length, heap.referenceBytes, 1));
    this.programArgs.forEach((text, i) => {
      const string = this.strings.createFrom(text);
      this.arrays.setReference(heap.held(place), i, string);
    });
    const array = heap.held(place);
    heap.release(1);
    return array;
  }

  /** @throws the failure `exit`, always; its code has the low 8 bits */
  exit(code: number): never {
    throw new RuntimeFailure("exit", "", code & 255);
  }
}
