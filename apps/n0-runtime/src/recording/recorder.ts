import { writeFileSync } from "node:fs";
import { describe, MorphError } from "@morph/memory";
import { DATA_START } from "../gc/allocator.ts";
import { hashLow } from "../values/hash.ts";
import type { MorphTypeInfo } from "../values/types.ts";
import { CHECKSUM_BYTES, MAGIC, OP, RECORDING_VERSION } from "./format.ts";

/** Granules of 8 bytes in a page of 64 KiB. */
const GRANULES = 8192;

/** An object that moves: where it is now, 0 when it is dead. */
export interface Followed {
  readonly pointer: number;
  release(): void;
}

/** The types that every runtime has. */
const BUILT_IN_TYPES = 7;

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
  /** Bytes of each object that may move, by number, and how to find it. */
  private readonly moving: Map<number, { readonly size: number; readonly object: Followed }> = new Map();
  /** Handles of the recording, by handle of the runtime: where they are others. */
  private readonly handles: Map<number, number> = new Map();
  /** Handles of data blocks, by what their elements are. */
  private readonly elements: Map<string, number> = new Map();
  private lastHandle = BUILT_IN_TYPES;
  /** The last region at a pointer. */
  private readonly regions: Map<number, { readonly number: number; readonly bytes: number }> = new Map();

  constructor() {
    for (const byte of [...MAGIC, RECORDING_VERSION]) this.number(byte);
  }

  /** The recording so far, complete. */
  bytes(): Uint8Array {
    const end = this.length + 1;
    const bytes = new Uint8Array(end + CHECKSUM_BYTES);
    bytes.set(this.out.subarray(0, this.length));
    bytes[this.length] = OP.end;
    new DataView(bytes.buffer).setInt32(end, hashLow(bytes, 0, end), true);
    return bytes;
  }

  /** Writes the recording to a file. @throws what the file system throws */
  save(path: string): void {
    writeFileSync(path, this.bytes());
  }

  // --- told by the runtime -----------------------------------------------------------------------------------------

  /** @param followed tells where the object is, if it may move */
  alloc(pointer: number, size: number, type: number, followed?: Followed): void {
    this.made(pointer, size, followed);
    this.numbers(OP.alloc, size, this.handles.get(type) ?? type);
  }

  /** A data block, or a string: 8 bytes and so many elements of so many bytes, in which each bit i of `pointers` is a pointer in word i. */
  allocElements(
    pointer: number,
    count: number,
    size: number,
    pointers: number,
    name: string,
    followed: Followed,
  ): void {
    const key = `${name}:${size}:${pointers}`;
    let handle = this.elements.get(key);
    if (handle === undefined) {
      const offsets = [0, 1, 2].filter((word) => (pointers & (1 << word)) !== 0).map((word) => word * 4);
      this.typeRecord(OP.elements, { name, size, pointerOffsets: offsets });
      handle = ++this.lastHandle;
      this.elements.set(key, handle);
    }
    const bytes = DATA_START + count * size;
    this.made(pointer, bytes, followed);
    this.numbers(OP.alloc, bytes, handle);
  }

  /** To be called when objects have moved, before one is named again. O(objects). */
  moved(): void {
    const moved: number[] = [];
    for (const [number, { size, object }] of this.moving) {
      const pointer = object.pointer;
      const before = this.starts[number] as number;
      if (pointer === before) continue;
      this.disown(before, size, number);
      if (pointer === 0) {
        object.release();
        this.moving.delete(number);
      } else {
        this.starts[number] = pointer;
        moved.push(number);
      }
    }
    for (const number of moved) {
      this.own(this.starts[number] as number, (this.moving.get(number) as { size: number }).size, number);
    }
  }

  collect(): void {
    this.number(OP.collect);
  }

  /** @throws ERR_MORPH_INVALID_POINTER, as all that name an address, when it lies nowhere known; nothing is written then */
  pushRoot(slot: number): void {
    const owner = this.requireOwner(slot);
    this.number(OP.push);
    this.reference(owner, slot);
  }

  pushFrame(address: number, count: number): void {
    for (let i = 0; i < count; i++) this.requireOwner(address + i * 8);
    for (let i = 0; i < count; i++) this.pushRoot(address + i * 8);
  }

  popRoots(count: number): void {
    this.numbers(OP.pop, count);
  }

  hold(pointer: number): void {
    this.number(OP.hold);
    this.value(pointer);
  }

  release(count: number): void {
    this.numbers(OP.release, count);
  }

  storePointer(address: number, pointer: number): void {
    const owner = this.requireOwner(address);
    this.number(OP.storePointer);
    this.reference(owner, address);
    this.value(pointer);
  }

  storeWord(address: number, value: number): void {
    const owner = this.requireOwner(address);
    this.number(OP.storeWord);
    this.reference(owner, address);
    this.number(value >>> 0);
  }

  copy(target: number, source: number, bytes: number): void {
    if (bytes === 0) return;
    const to = this.requireOwner(target);
    const from = this.requireOwner(source);
    this.number(OP.copy);
    this.reference(to, target);
    this.reference(from, source);
    this.number(bytes);
  }

  newThread(): void {
    this.number(OP.threadNew);
  }

  switchThread(thread: number): void {
    this.numbers(OP.threadSwitch, thread);
  }

  endThread(thread: number): void {
    this.numbers(OP.threadEnd, thread);
  }

  /** @param handle the runtime's */
  type(info: MorphTypeInfo, handle: number): void {
    this.typeRecord(OP.type, info);
    this.lastHandle++;
    if (this.lastHandle !== handle) this.handles.set(handle, this.lastHandle);
  }

  region(pointer: number, bytes: number, zeroed: boolean): void {
    const known = this.regions.get(pointer);
    // Pages handed out again as they were, such as a thread's stack: the same region. Else a replay would need all at once.
    if (!zeroed && known !== undefined && bytes <= known.bytes) {
      this.own(pointer, bytes, -known.number);
      return;
    }
    const number = this.regionStarts.push(pointer) - 1;
    this.regions.set(pointer, { number, bytes });
    this.own(pointer, bytes, -number);
    this.numbers(OP.region, bytes);
  }

  /** @param index in RUNTIME_IMPORTS */
  call(index: number): void {
    this.numbers(OP.call, index);
  }

  // --- bytes -------------------------------------------------------------------------------------------------------

  private typeRecord(op: number, info: MorphTypeInfo): void {
    const name = new TextEncoder().encode(info.name);
    this.numbers(op, info.size, info.pointerOffsets.length, ...info.pointerOffsets, name.length, ...name);
  }

  private made(pointer: number, size: number, followed: Followed | undefined): void {
    const number = this.starts.push(pointer >>> 0) - 1;
    this.own(pointer >>> 0, size, number);
    if (followed !== undefined) this.moving.set(number, { size, object: followed });
  }

  /** The object or region of an address. */
  private requireOwner(address: number): number {
    const owner = this.ownerOf(address >>> 0);
    if (owner !== 0) return owner;
    throw new MorphError(
      "ERR_MORPH_INVALID_POINTER",
      `recorded address: expected one in an object or in a region of acquireRegion, got ${describe(address)}`,
    );
  }

  /** A pointer's value; what is no object (null, a channel) is null to a collector. */
  private value(pointer: number): void {
    const owner = this.ownerOf(pointer >>> 0);
    if (owner <= 0) this.number(0);
    else this.reference(owner, pointer);
  }

  /** A place in an object or region. */
  private reference(owner: number, address: number): void {
    const at = address >>> 0;
    if (owner > 0) this.numbers(owner * 2, at - (this.starts[owner] as number));
    else this.numbers(-owner * 2 + 1, at - (this.regionStarts[-owner] as number));
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

  /** Takes back what an object owned there, where nobody else has it by now. */
  private disown(start: number, bytes: number, owner: number): void {
    for (let at = start; at < start + Math.max(bytes, 1); at += 8) {
      const granules = this.owners[Math.floor(at / 65536)] as Int32Array;
      const granule = (at % 65536) >>> 3;
      if (granules[granule] === owner) granules[granule] = 0;
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
