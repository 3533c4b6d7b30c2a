import { MorphError } from "@morph/memory";
import { RUNTIME_IMPORTS } from "../imports.ts";
import { hashLow } from "../values/hash.ts";
import type { MorphTypeInfo } from "../values/types.ts";
import { CHECKSUM_BYTES, MAGIC, OLDEST_VERSION, OP, RECORDING_VERSION } from "./format.ts";

/** Size of an entry that is a call of the collector. */
export const COLLECT = -1;

/** A recording, decoded into flat arrays before any clock runs. */
export interface Recording {
  /** What the allocator is asked for, in order: payload sizes, or -1 for a collection; and type handles. */
  readonly sizes: Int32Array;
  readonly types: Int32Array;
  /**
   * All else that a collection depends on, as records of words: how many entries of `sizes` come before it, its op, its
   * operands. A place is two words: entry of `sizes`, or ~region, and offset.
   */
  readonly notes: Int32Array;
  readonly typeInfos: readonly MorphTypeInfo[];
  readonly regions: readonly number[];
  /** Allocations, and their payload bytes. */
  readonly allocations: number;
  readonly payload: number;
  /** How often each runtime function was called. */
  readonly calls: Readonly<Record<string, number>>;
}

/** Decodes a recording. O(bytes). @throws ERR_MORPH_VERSION, ERR_MORPH_INVALID_CONFIG for bytes that are none */
export function decodeRecording(bytes: Uint8Array): Recording {
  const reader = new Reader(bytes);
  for (const byte of MAGIC) if (reader.number() !== byte) throw notARecording("it does not start as one");
  const version = reader.number();
  if (version < OLDEST_VERSION || version > RECORDING_VERSION) {
    throw new MorphError(
      "ERR_MORPH_VERSION",
      `recording: expected version ${OLDEST_VERSION} to ${RECORDING_VERSION}, got ${version}`,
    );
  }
  const end = bytes.length - CHECKSUM_BYTES;
  const checksum = new DataView(bytes.buffer, bytes.byteOffset).getInt32(end, true);
  if (checksum !== hashLow(bytes, 0, end)) throw notARecording("its bytes do not match its checksum");
  const sizes = new Words();
  const types = new Words();
  const notes = new Words();
  /** By object number: its entry in `sizes`. */
  const entries = new Words();
  entries.push(0);
  const typeInfos: MorphTypeInfo[] = [];
  const regions: number[] = [];
  const calls: Record<string, number> = {};
  let payload = 0;

  const place = (): void => {
    const number = reader.number();
    if (number === 0) return void notes.push(0, -1);
    const index = Math.floor(number / 2);
    if (number % 2 === 1) notes.push(~(index - 1));
    else {
      if (index >= entries.length) throw notARecording(`object ${index} is used before it is made`);
      notes.push(entries.at(index));
    }
    notes.push(reader.number());
  };

  for (let op = reader.number(); op !== OP.end; op = reader.number()) {
    if (op === OP.alloc) {
      const size = reader.number();
      if (size > 0x7fff_ffff) throw notARecording(`an object of ${size} bytes`);
      entries.push(sizes.length);
      sizes.push(size);
      types.push(reader.number());
      payload += size;
    } else if (op === OP.collect) {
      sizes.push(COLLECT);
      types.push(0);
    } else if (op === OP.type || op === OP.elements) {
      typeInfos.push(readType(reader, op === OP.elements));
    } else if (op === OP.region) {
      regions.push(reader.number());
    } else if (op === OP.call) {
      const name = RUNTIME_IMPORTS[reader.number()]?.name ?? "unknown";
      calls[name] = (calls[name] ?? 0) + 1;
    } else {
      notes.push(sizes.length, op);
      if (op === OP.push || op === OP.hold) place();
      else if (op === OP.pop || op === OP.release || op === OP.threadSwitch || op === OP.threadEnd) {
        notes.push(reader.number());
      } else if (op === OP.storePointer) {
        place();
        place();
      } else if (op === OP.storeWord) {
        place();
        notes.push(reader.number());
      } else if (op === OP.copy) {
        place();
        place();
        notes.push(reader.number());
      } else if (op !== OP.threadNew) throw notARecording(`op ${op} is unknown`);
    }
  }
  return {
    sizes: sizes.toArray(),
    types: types.toArray(),
    notes: notes.toArray(),
    typeInfos,
    regions,
    allocations: entries.length - 1,
    payload,
    calls,
  };
}

function readType(reader: Reader, elements: boolean): MorphTypeInfo {
  const size = reader.number();
  const pointerOffsets = Array.from({ length: reader.number() }, () => reader.number());
  const name = Uint8Array.from({ length: reader.number() }, () => reader.number());
  return { name: new TextDecoder().decode(name), size, pointerOffsets, elements };
}

function notARecording(why: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_CONFIG", `expected a recording: ${why}`);
}

class Reader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw notARecording("it ends too early");
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
}

/** A growing Int32Array. */
class Words {
  length = 0;
  private words: Int32Array = new Int32Array(4096);

  push(...values: number[]): void {
    for (const value of values) {
      if (this.length === this.words.length) {
        const larger = new Int32Array(this.length * 2);
        larger.set(this.words);
        this.words = larger;
      }
      this.words[this.length++] = value;
    }
  }

  at(index: number): number {
    return this.words[index] as number;
  }

  toArray(): Int32Array {
    return this.words.slice(0, this.length);
  }
}
