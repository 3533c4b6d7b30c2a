/*
 * The module's region of the memory, at an address that is known when it starts:
 *
 *   types, 4 or 8 bytes each │ references of globals, 8 each │ vtables and bytes of string literals │ pointers of literals
 *
 * All of it is the module's data segment; the runner writes the handles once the module is there.
 */
import type { MorphTypeInfo } from "n0-runtime";
import { roundUp } from "./layout.ts";

/** Collects what lies in the region. */
export class Image {
  readonly types: MorphTypeInfo[] = [];
  /** Offset of the first global. */
  readonly globals: number;
  private readonly typeOffsets: Map<string, number> = new Map();
  private readonly literals: Map<string, number> = new Map();
  private readonly chunks: Uint8Array[] = [];
  private end = 0;

  private readonly typeBytes: number;

  /**
   * @param mostTypes how many types there may be
   * @param typeBytes bytes for each: its handle, and what the target needs beside it
   * @param globals how many globals hold references
   */
  constructor(mostTypes: number, typeBytes: number, globals: number) {
    this.typeBytes = typeBytes;
    this.globals = roundUp(mostTypes * typeBytes, 8);
    this.append(new Uint8Array(this.globals + globals * 8));
  }

  /** Bytes of the region. */
  get size(): number {
    return Math.max(this.end, 8);
  }

  /** Offset of a type's entry, which starts with its handle; equal types have the same. */
  type(info: MorphTypeInfo): number {
    const key = `${info.name} ${info.size} ${info.pointerOffsets.join()}`;
    const known = this.typeOffsets.get(key);
    if (known !== undefined) return known;
    const offset = (this.types.push(info) - 1) * this.typeBytes;
    this.typeOffsets.set(key, offset);
    return offset;
  }

  /** Offset of these bytes; the same bytes lie there once. */
  literal(bytes: Uint8Array): number {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
    const known = this.literals.get(key);
    if (known !== undefined) return known;
    const offset = this.append(bytes);
    this.literals.set(key, offset);
    return offset;
  }

  /** Offset of these words. */
  words(values: readonly number[]): number {
    this.append(new Uint8Array(roundUp(this.end, 4) - this.end));
    const bytes = new Uint8Array(values.length * 4);
    const view = new DataView(bytes.buffer);
    values.forEach((value, i) => {
      view.setInt32(i * 4, value, true);
    });
    return this.append(bytes);
  }

  /** Offset of so many bytes of 0, a multiple of 8. */
  zeros(bytes: number): number {
    this.append(new Uint8Array(roundUp(this.end, 8) - this.end));
    return this.append(new Uint8Array(bytes));
  }

  /** The data segment. */
  data(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.chunks));
  }

  private append(bytes: Uint8Array): number {
    const offset = this.end;
    this.chunks.push(bytes);
    this.end += bytes.length;
    return offset;
  }
}
