import { LinearMemory, MorphError, PAGE_BYTES } from "@morph/memory";
import type { Allocator, AllocatorStats } from "../allocator.ts";
import { type AllocatorName, type AllocatorSet, createAllocator } from "../create-allocator.ts";
import { RUNTIME_IMPORTS } from "../imports.ts";
import { Regions } from "../regions.ts";
import type { V1Options } from "../v1/allocator.ts";
import { hashLow } from "../values/hash.ts";
import type { MorphTypeInfo } from "../values/types.ts";
import { CHECKSUM_BYTES, MAGIC, OP, RECORDING_VERSION } from "./format.ts";

/** Size of an entry that is a call of the collector. */
const COLLECT = -1;

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

/** How a replay went. */
export interface ReplayResult {
  /** Time of the allocator's calls, collections included. */
  readonly allocatorMs: number;
  /** Of that, time of collections. */
  readonly collectionMs: number;
  readonly allocations: number;
  readonly stats: AllocatorStats;
}

/** Decodes a recording. O(bytes). @throws ERR_MORPH_VERSION, ERR_MORPH_INVALID_CONFIG for bytes that are none */
export function decodeRecording(bytes: Uint8Array): Recording {
  const reader = new Reader(bytes);
  for (const byte of MAGIC) if (reader.number() !== byte) throw notARecording("it does not start as one");
  const version = reader.number();
  if (version !== RECORDING_VERSION) {
    throw new MorphError("ERR_MORPH_VERSION", `recording: expected version ${RECORDING_VERSION}, got ${version}`);
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
    } else if (op === OP.type) {
      typeInfos.push(readType(reader));
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

/**
 * Runs a recording on an allocator of its own, in a memory large enough never to grow. Only the allocator's calls are timed.
 * Stores, roots and held pointers matter to nothing but a collection, so they are brought up to date right before one, with the clock
 * stopped. @throws what the allocator throws
 */
export function replay(recording: Recording, name: AllocatorName, v1Options: V1Options = {}): ReplayResult {
  const { sizes, types, typeInfos, allocations } = recording;
  const memory = new LinearMemory({ initialPages: pagesFor(recording) });
  // Before the allocator, whose footprint they are not part of.
  const regions = acquireRegions(memory, recording.regions);
  const set = createAllocator(name, memory, new Regions(memory), { v1: v1Options });
  for (const info of typeInfos) set.types.register(info);
  // Written to, so that the system provides its pages now and not within the time that is measured.
  const pointers = new Int32Array(sizes.length).fill(0);
  const notes = new Notes(recording, set, memory, regions, pointers);
  let untimed = 0;
  if (set.v1 !== undefined) {
    set.v1.collector.beforeCollection = () => {
      const start = performance.now();
      notes.applyBefore(notes.reached(pointers));
      untimed += performance.now() - start;
    };
  }
  const { allocator } = set;
  const start = performance.now();
  run(allocator, sizes, types, pointers);
  const allocatorMs = performance.now() - start - untimed;
  const stats = allocator.stats();
  allocator.verify();
  allocator.destroy();
  return { allocatorMs, collectionMs: stats.collections.totalMs, allocations, stats };
}

function run(allocator: Allocator, sizes: Int32Array, types: Int32Array, pointers: Int32Array): void {
  for (let i = 0; i < sizes.length; i++) {
    const size = sizes[i] as number;
    if (size >= 0) pointers[i] = allocator.alloc(size, types[i] as number);
    else {
      // Marks the place for whoever asks how far it came.
      pointers[i] = 0;
      allocator.collect();
      pointers[i] = 1;
    }
  }
}

/** Stores, roots and held pointers of a recording, applied in order. */
class Notes {
  private readonly recording: Recording;
  private readonly set: AllocatorSet;
  private readonly memory: LinearMemory;
  private readonly regions: readonly number[];
  private readonly pointers: Int32Array;
  private at = 0;
  private done = 0;
  private offset = 0;

  constructor(
    recording: Recording,
    set: AllocatorSet,
    memory: LinearMemory,
    regions: readonly number[],
    pointers: Int32Array,
  ) {
    this.recording = recording;
    this.set = set;
    this.memory = memory;
    this.regions = regions;
    this.pointers = pointers;
  }

  /** How many entries are done: pointers are never 0. */
  reached(pointers: Int32Array): number {
    while (pointers[this.done] !== 0 && this.done < pointers.length) this.done++;
    return this.done;
  }

  /** Applies what was recorded before entry `position`. */
  applyBefore(position: number): void {
    const { notes } = this.recording;
    const { roots } = this.set;
    const { i32, u8 } = this.memory;
    this.offset = this.at;
    while (this.offset < notes.length && (notes[this.offset] as number) <= position) {
      this.offset++;
      const op = this.next();
      if (op === OP.storePointer) {
        const target = this.place();
        i32[target >>> 2] = this.place();
      } else if (op === OP.storeWord) {
        const target = this.place();
        i32[target >>> 2] = this.next();
      } else if (op === OP.copy) {
        const target = this.place() >>> 0;
        const source = this.place() >>> 0;
        u8.copyWithin(target, source, source + this.next());
      } else if (op === OP.push) roots.push(this.place());
      else if (op === OP.pop) roots.pop(this.next());
      else if (op === OP.hold) roots.hold(this.place());
      else if (op === OP.release) roots.release(this.next());
      else if (op === OP.threadNew) roots.newThread();
      else if (op === OP.threadSwitch) roots.switchThread(this.next());
      else roots.endThread(this.next());
    }
    this.at = this.offset;
  }

  private next(): number {
    return this.recording.notes[this.offset++] as number;
  }

  private place(): number {
    const entry = this.next();
    const offset = this.next();
    if (offset < 0) return 0;
    return ((entry >= 0 ? (this.pointers[entry] as number) : (this.regions[~entry] as number)) + offset) | 0;
  }
}

/** The regions of a recording; their bytes are 0, because the memory is new. */
function acquireRegions(memory: LinearMemory, regions: readonly number[]): number[] {
  const owner = memory.register({ name: "replay", contractVersion: 1, viewsChanged: () => {} });
  return regions.map((bytes) => memory.acquire(Math.ceil(bytes / PAGE_BYTES), owner));
}

/** Pages that either allocator needs at most, and not more than 3 GiB. */
function pagesFor({ allocations, payload, regions }: Recording): number {
  const regionBytes = regions.reduce((sum, bytes) => sum + bytes + PAGE_BYTES, 0);
  return Math.min(256 + Math.ceil((payload * 2 + allocations * 120 + regionBytes) / PAGE_BYTES), 49152);
}

function readType(reader: Reader): MorphTypeInfo {
  const size = reader.number();
  const pointerOffsets = Array.from({ length: reader.number() }, () => reader.number());
  const name = Uint8Array.from({ length: reader.number() }, () => reader.number());
  return { name: new TextDecoder().decode(name), size, pointerOffsets };
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
