import type { RuntimeHeap } from "../runtime-heap.ts";
import type { Objects } from "../values/objects.ts";
import type { Strings } from "../values/strings.ts";
import { DECIMAL_BYTES, parseDecimal, writeDecimal } from "./decimal.ts";
import { floatText, parseFloatPrefix } from "./float-text.ts";

const digits = new Uint8Array(DECIMAL_BYTES);

/** One float and its two words, the low one first as in the memory. */
const float = new Float64Array(1);
const words = new Int32Array(float.buffer);

/** Module conv. */
export class ConvNatives {
  private readonly heap: RuntimeHeap;
  private readonly strings: Strings;
  private readonly objects: Objects;

  constructor(heap: RuntimeHeap, strings: Strings, objects: Objects) {
    this.heap = heap;
    this.strings = strings;
    this.objects = objects;
  }

  /** An int as a string. */
  itoa(low: number, high: number): number {
    const { strings } = this;
    const start = writeDecimal(digits, DECIMAL_BYTES, low, high);
    const string = strings.allocate(DECIMAL_BYTES - start);
    const { u8 } = this.heap;
    for (let to = strings.dataOf(string), from = start; from < DECIMAL_BYTES; ) u8[to++] = digits[from++] as number;
    return string;
  }

  /** The int that a string starts with is the result. @returns an error, or null */
  atoi(string: number): number {
    const { heap, strings } = this;
    const parsed = parseDecimal(heap.bytes(strings.dataOf(string), strings.length(string)));
    if (parsed === undefined) {
      const error = this.objects.error(strings.createFrom("Invalid integer"));
      heap.setResult(0, 0);
      return error;
    }
    heap.setResult(parsed.low, parsed.high);
    return 0;
  }

  /** A float as the shortest decimal number that reads back as the same. */
  ftoa(low: number, high: number): number {
    words[0] = low;
    words[1] = high;
    return this.strings.createFrom(floatText(float[0] as number));
  }

  /** The bits of the float that a string starts with are the result. @returns an error, or null */
  atof(string: number): number {
    const { heap, strings } = this;
    const parsed = parseFloatPrefix(heap.bytes(strings.dataOf(string), strings.length(string)));
    const error = parsed === undefined ? this.objects.error(strings.createFrom("Invalid float")) : 0;
    float[0] = parsed ?? 0;
    heap.setResult(words[0] as number, words[1] as number);
    return error;
  }
}
