import type { LinearMemory } from "@morph/memory";
import type { RootStacks } from "../roots.ts";
import type { Recording } from "./decoder.ts";
import { OP } from "./format.ts";

/** Stores, roots and held pointers of a recording, applied in order. */
export class Notes {
  private readonly recording: Recording;
  private readonly roots: RootStacks;
  protected readonly memory: LinearMemory;
  protected readonly regions: readonly number[];
  /** Of each entry of the recording: where the object is, 0 before it is made. */
  protected readonly pointers: Int32Array;
  private at = 0;
  private done = 0;
  private offset = 0;

  constructor(
    recording: Recording,
    roots: RootStacks,
    memory: LinearMemory,
    regions: readonly number[],
    pointers: Int32Array,
  ) {
    this.recording = recording;
    this.roots = roots;
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
    const { roots } = this;
    this.offset = this.at;
    while (this.offset < notes.length && (notes[this.offset] as number) <= position) {
      this.offset++;
      const op = this.next();
      if (op === OP.storePointer) {
        const [entry, offset] = [this.next(), this.next()];
        this.storePointer(entry, offset, this.place());
      } else if (op === OP.storeWord) {
        const [entry, offset] = [this.next(), this.next()];
        this.storeWord(entry, offset, this.next());
      } else if (op === OP.copy) {
        const [to, toOffset, from, fromOffset] = [this.next(), this.next(), this.next(), this.next()];
        this.copy(to, toOffset, from, fromOffset, this.next());
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

  /** Stores a pointer at a place. @param entry of the object, or ~region */
  protected storePointer(entry: number, offset: number, pointer: number): void {
    this.memory.i32[this.addressOf(entry, offset) >>> 2] = pointer;
  }

  /** Stores a word on which tracing depends. */
  protected storeWord(entry: number, offset: number, value: number): void {
    this.memory.i32[this.addressOf(entry, offset) >>> 2] = value;
  }

  protected copy(to: number, toOffset: number, from: number, fromOffset: number, bytes: number): void {
    const source = this.addressOf(from, fromOffset) >>> 0;
    this.memory.u8.copyWithin(this.addressOf(to, toOffset) >>> 0, source, source + bytes);
  }

  /** The address of a place now; 0 is null. */
  protected addressOf(entry: number, offset: number): number {
    if (offset < 0) return 0;
    return ((entry >= 0 ? (this.pointers[entry] as number) : (this.regions[~entry] as number)) + offset) | 0;
  }

  private place(): number {
    const entry = this.next();
    return this.addressOf(entry, this.next());
  }

  private next(): number {
    return this.recording.notes[this.offset++] as number;
  }
}
