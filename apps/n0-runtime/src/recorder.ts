import { writeFileSync } from "node:fs";
import { describe, MorphError } from "@morph/memory";
import {
  MAGIC,
  OP_ALLOC,
  OP_CALL,
  OP_COLLECT,
  OP_COPY,
  OP_END,
  OP_HOLD,
  OP_POP,
  OP_PUSH,
  OP_REGION,
  OP_RELEASE,
  OP_STORE_POINTER,
  OP_STORE_WORD,
  OP_THREAD_END,
  OP_THREAD_NEW,
  OP_THREAD_SWITCH,
  OP_TYPE,
  RECORDING_VERSION,
} from "./recording.ts";
import type { MorphTypeInfo } from "./types.ts";

/** Granules of 8 bytes in a page of 64 KiB. */
const GRANULES = 8192;

/**
 * Writes down what a runtime is asked for. Pointers become (object, offset), so that a replay on another allocator finds the
 * same objects elsewhere. Costs several times the call it records; never used where time is measured.
 */
export class Recorder {
  private out: Uint8Array = new Uint8Array(65536);
  private length = 0;
  /** For each page of the memory, by granule: an object's number, minus a region's number, or 0. */
  private readonly owners: (Int32Array | undefined)[] = [];
  /** Start of each object and region, by number. */
  private readonly starts: number[] = [0];
  private readonly regionStarts: number[] = [0];

  constructor() {
    for (const byte of [...MAGIC, RECORDING_VERSION]) this.number(byte);
  }

  /** The recording so far, complete. */
  bytes(): Uint8Array {
    const bytes = this.out.slice(0, this.length + 1);
    bytes[this.length] = OP_END;
    return bytes;
  }

  /** Writes the recording to a file. @throws what the file system throws */
  save(path: string): void {
    writeFileSync(path, this.bytes());
  }

  // --- told by the runtime -----------------------------------------------------------------------------------------

  alloc(pointer: number, size: number, type: number): void {
    this.own(pointer >>> 0, size, this.starts.push(pointer >>> 0) - 1);
    this.numbers(OP_ALLOC, size, type);
  }

  collect(): void {
    this.number(OP_COLLECT);
  }

  pushRoot(slot: number): void {
    this.number(OP_PUSH);
    this.target(slot);
  }

  popRoots(count: number): void {
    this.numbers(OP_POP, count);
  }

  hold(pointer: number): void {
    this.number(OP_HOLD);
    this.value(pointer);
  }

  release(count: number): void {
    this.numbers(OP_RELEASE, count);
  }

  storePointer(address: number, pointer: number): void {
    this.number(OP_STORE_POINTER);
    this.target(address);
    this.value(pointer);
  }

  storeWord(address: number, value: number): void {
    this.number(OP_STORE_WORD);
    this.target(address);
    this.number(value >>> 0);
  }

  copy(target: number, source: number, bytes: number): void {
    if (bytes === 0) return;
    this.number(OP_COPY);
    this.target(target);
    this.target(source);
    this.number(bytes);
  }

  newThread(): void {
    this.number(OP_THREAD_NEW);
  }

  switchThread(thread: number): void {
    this.numbers(OP_THREAD_SWITCH, thread);
  }

  endThread(thread: number): void {
    this.numbers(OP_THREAD_END, thread);
  }

  type(info: MorphTypeInfo): void {
    const name = new TextEncoder().encode(info.name);
    this.numbers(OP_TYPE, info.size, info.pointerOffsets.length, ...info.pointerOffsets, name.length, ...name);
  }

  region(pointer: number, bytes: number): void {
    this.own(pointer, bytes, -(this.regionStarts.push(pointer) - 1));
    this.numbers(OP_REGION, bytes);
  }

  /** @param index in RUNTIME_IMPORTS */
  call(index: number): void {
    this.numbers(OP_CALL, index);
  }

  // --- bytes -------------------------------------------------------------------------------------------------------

  /** A place in an object or region. */
  private target(address: number): void {
    const owner = this.ownerOf(address >>> 0);
    if (owner === 0) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `recorded address: expected one in an object or in a region of acquireRegion, got ${describe(address)}`,
      );
    }
    this.reference(owner, address >>> 0);
  }

  /** A pointer's value; what is no object (null, a channel) is null to a collector. */
  private value(pointer: number): void {
    const owner = this.ownerOf(pointer >>> 0);
    if (owner <= 0) this.number(0);
    else this.reference(owner, pointer >>> 0);
  }

  private reference(owner: number, address: number): void {
    if (owner > 0) this.numbers(owner * 2, address - (this.starts[owner] as number));
    else this.numbers(-owner * 2 + 1, address - (this.regionStarts[-owner] as number));
  }

  private ownerOf(address: number): number {
    return this.owners[Math.floor(address / 65536)]?.[(address % 65536) >>> 3] ?? 0;
  }

  private own(start: number, bytes: number, owner: number): void {
    const end = start + Math.max(bytes, 1);
    for (let page = Math.floor(start / 65536); page * 65536 < end; page++) {
      const granules = this.owners[page] ?? new Int32Array(GRANULES);
      this.owners[page] = granules;
      const from = Math.max(start - page * 65536, 0) >>> 3;
      const to = Math.min(Math.ceil((end - page * 65536) / 8), GRANULES);
      granules.fill(owner, from, to);
    }
  }

  private numbers(...values: number[]): void {
    for (const value of values) this.number(value);
  }

  private number(value: number): void {
    if (this.length + 10 > this.out.length) {
      const larger = new Uint8Array(this.out.length * 2);
      larger.set(this.out);
      this.out = larger;
    }
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.out[this.length++] = (rest % 128) | 128;
    this.out[this.length++] = rest;
  }
}
