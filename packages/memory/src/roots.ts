import type { Roots } from "./address-space.ts";
import { describe, MorphError } from "./errors.ts";
import * as WORD from "./head-words.ts";
import type { Records } from "./records.ts";
import { LENGTH, MAX_NAME, NAME, POINTER, ROOT_TABLE_BYTES, ROOT_WORDS, ROOTS } from "./roots-layout.ts";

/** What the directory needs of its memory. */
export interface RootsHost {
  readonly records: Records;
  /** Runs an operation that changes something: alone, and on current views. */
  change<T>(operation: () => T): T;
  /** Runs an operation that only looks: while no other thread changes anything, and on current views. */
  look<T>(operation: () => T): T;
  /** A side table. @throws ERR_MORPH_OUT_OF_MEMORY */
  table(bytes: number): number;
}

/** Names for pointers, in the memory itself (layout: `roots-layout.ts`). */
export class RootTable implements Roots {
  private readonly host: RootsHost;

  constructor(host: RootsHost) {
    this.host = host;
  }

  get(name: string): number {
    requireName(name);
    return this.host.look(() => {
      const entry = this.find(name);
      return entry === 0 ? 0 : this.word(entry + POINTER) >>> 0;
    });
  }

  set(name: string, pointer: number): void {
    requireName(name);
    this.host.change(() => {
      const { i32 } = this.host.records;
      if (!Number.isInteger(pointer) || pointer < 1 || pointer >= i32.byteLength) {
        throw new MorphError(
          "ERR_MORPH_INVALID_POINTER",
          `pointer: expected an integer from 1 to ${i32.byteLength - 1}, which the memory has, got ${describe(pointer)}`,
        );
      }
      const entry = this.find(name) || this.newEntry(name);
      this.host.records.i32[entry + POINTER] = pointer;
    });
  }

  delete(name: string): boolean {
    requireName(name);
    return this.host.change(() => {
      const entry = this.find(name);
      if (entry !== 0) this.host.records.i32[entry + POINTER] = 0;
      return entry !== 0;
    });
  }

  [Symbol.iterator](): IterableIterator<[name: string, pointer: number]> {
    const all = this.host.look(() =>
      this.entries().map((entry): [string, number] => [this.nameOf(entry), this.word(entry + POINTER) >>> 0]),
    );
    return all[Symbol.iterator]();
  }

  /** Word indexes of all entries in use. */
  private entries(): number[] {
    const table = this.host.records.get(WORD.rootTable);
    if (table === 0) return [];
    const all = Array.from({ length: ROOTS }, (_, i) => table + i * ROOT_WORDS);
    return all.filter((entry) => this.word(entry + POINTER) !== 0);
  }

  /** Word index of a name's entry, 0 when it has none. */
  private find(name: string): number {
    return this.entries().find((entry) => this.nameOf(entry) === name) ?? 0;
  }

  /** An unused entry for a name that has none. It is in use from when its pointer is set. */
  private newEntry(name: string): number {
    const { records } = this.host;
    if (records.get(WORD.rootTable) === 0) records.set(WORD.rootTable, this.host.table(ROOT_TABLE_BYTES) >>> 2);
    const table = records.get(WORD.rootTable);
    let entry = table;
    while (entry < table + ROOTS * ROOT_WORDS && this.word(entry + POINTER) !== 0) entry += ROOT_WORDS;
    if (entry === table + ROOTS * ROOT_WORDS) {
      throw new MorphError(
        "ERR_MORPH_OUT_OF_MEMORY",
        `a memory has ${ROOTS} roots at most, and all have a name already`,
      );
    }
    records.i32[entry + LENGTH] = name.length;
    for (let at = 0; at < name.length; at += 2) {
      // NaN behind the end is 0.
      records.i32[entry + NAME + at / 2] = name.charCodeAt(at) | (name.charCodeAt(at + 1) << 16);
    }
    return entry;
  }

  private nameOf(entry: number): string {
    const length = Math.min(this.word(entry + LENGTH), MAX_NAME);
    let name = "";
    for (let at = 0; at < length; at++) {
      name += String.fromCharCode(this.word(entry + NAME + (at >>> 1)) >>> (16 * (at & 1)));
    }
    return name;
  }

  private word(index: number): number {
    return this.host.records.i32[index] as number;
  }
}

function requireName(name: string): void {
  if (typeof name === "string" && name.length >= 1 && name.length <= MAX_NAME) return;
  throw new MorphError(
    "ERR_MORPH_INVALID_CONFIG",
    `name: expected a string of 1 to ${MAX_NAME} UTF-16 units, got ${describe(name)}`,
  );
}
