import { type Collector, LAYOUT } from "@morph/gc";
import { LinearMemory } from "@morph/memory";
import { createAllocator } from "../create-allocator.ts";
import type { GcOptions } from "../gc/allocator.ts";
import { gcStats } from "../gc/stats.ts";
import { Regions } from "../regions.ts";
import type { RootStacks } from "../roots.ts";
import { COLLECT, type Recording } from "./decoder.ts";
import { type GcObjects, gcObjects, infoOf } from "./gc-objects.ts";
import { Notes } from "./notes.ts";
import { acquireRegions, pagesFor, type ReplayResult } from "./replay-memory.ts";

const WORD_BYTES = 4;

/** Runs a recording on the collector. Allocation is what generated code has inline; whatever may collect is a slow path, before which the notes are applied. */
export function replayOnGc(recording: Recording, options: GcOptions): ReplayResult {
  const memory = new LinearMemory({ initialPages: pagesFor(recording) });
  const regions = acquireRegions(memory, recording.regions);
  const set = createAllocator("gc", memory, new Regions(memory), { gc: options });
  const run = new GcReplay(recording, memory, set.gc!.collector, set.roots, regions);
  const start = performance.now();
  run.all();
  const allocatorMs = performance.now() - start - run.untimed;
  const stats = run.stats();
  set.allocator.verify();
  set.allocator.destroy();
  return { allocatorMs, collectionMs: stats.collections.totalMs, allocations: recording.allocations, stats };
}

class GcReplay {
  /** Time that was not the allocator's. */
  untimed = 0;
  private readonly recording: Recording;
  private readonly memory: LinearMemory;
  private readonly collector: Collector;
  private readonly objects: GcObjects;
  private readonly notes: GcNotes;
  /** By entry: where the object is. Written to now, so that the system provides its pages before the clock runs. */
  private readonly pointers: Int32Array;
  /** Entries whose objects were there after the last move, or were made since. */
  private living: number[] = [];
  /** The first entry that is not noted in its object, nor in {@link living}. */
  private noted = 0;
  private readonly movesWord: number;

  constructor(
    recording: Recording,
    memory: LinearMemory,
    collector: Collector,
    roots: RootStacks,
    regions: readonly number[],
  ) {
    this.recording = recording;
    this.memory = memory;
    this.collector = collector;
    this.objects = gcObjects(recording, collector);
    this.pointers = new Int32Array(recording.sizes.length).fill(0);
    this.notes = new GcNotes(recording, roots, memory, regions, this.pointers, collector, this.objects);
    this.movesWord = collector.control / WORD_BYTES + LAYOUT.MOVES;
  }

  all(): void {
    const { pointers } = this;
    const { sizes } = this.recording;
    const { cursors, slots, lengths } = this.objects;
    let { i32 } = this.memory;
    for (let i = 0; i < sizes.length; i++) {
      const cursor = cursors[i] as number;
      const pointer = i32[cursor] as number;
      if (cursor === 0 || pointer === i32[cursor + 1]) {
        this.slowly(i);
        ({ i32 } = this.memory);
        continue;
      }
      i32[cursor] = pointer + (slots[i] as number);
      if ((lengths[i] as number) >= 0) i32[pointer >>> 2] = lengths[i] as number;
      pointers[i] = pointer;
    }
  }

  stats(): ReturnType<typeof gcStats> {
    const { sizes, types, typeInfos } = this.recording;
    const payloads: Record<number, number> = {};
    sizes.forEach((size, entry) => {
      const isArray = (this.objects.lengths[entry] as number) >= 0;
      if (size === COLLECT || !isArray) return;
      const start = this.objects.shifts[entry] === 0 ? LAYOUT.ARRAY_HEADER_BYTES : 0;
      const handle = types[entry] as number;
      payloads[handle] = (payloads[handle] ?? 0) + size - start;
    });
    return gcStats(this.collector, {
      handles: this.objects.handles,
      nameOf: (handle) => infoOf(handle, typeInfos).name,
      isArray: (id) => this.collector.types()[id - 1]!.isArray,
      payloads,
      stackBytes: 0,
      peakStackBytes: 0,
    });
  }

  /** What may collect: the clock stops while the memory is brought up to date. */
  private slowly(entry: number): void {
    const { collector, pointers } = this;
    const { ids, lengths } = this.objects;
    const start = performance.now();
    this.noteNew(entry);
    this.notes.applyBefore(entry);
    const from = performance.now();
    const moves = this.memory.i32[this.movesWord];
    if (this.recording.sizes[entry] === COLLECT) collector.collect();
    else {
      const length = lengths[entry] as number;
      const id = ids[entry] as number;
      pointers[entry] = length < 0 ? collector.alloc(id) : collector.allocArray(id, length);
    }
    const to = performance.now();
    if (this.memory.i32[this.movesWord] !== moves) this.findMoved();
    this.untimed += from - start + (performance.now() - to);
  }

  /** Writes their numbers into the objects that were made since the last time. */
  private noteNew(end: number): void {
    const { pointers } = this;
    const { ids, tags } = this.objects;
    const { i32 } = this.memory;
    for (; this.noted < end; this.noted++) {
      const entry = this.noted;
      if (this.recording.sizes[entry] === COLLECT) continue;
      i32[((pointers[entry] as number) + (tags[ids[entry] as number] as number)) >>> 2] = entry;
      this.living.push(entry);
    }
  }

  /** Learns where the objects are after a collection. O(objects). */
  private findMoved(): void {
    const { collector, pointers } = this;
    const { tags } = this.objects;
    const { i32 } = this.memory;
    for (const entry of this.living) pointers[entry] = 0;
    this.living = [];
    for (const pointer of collector.liveObjects()) {
      // The object for which was collected has no number yet.
      const tag = tags[collector.typeOf(pointer)];
      const entry = tag === undefined ? -1 : (i32[(pointer + tag) >>> 2] as number);
      if (entry < 0 || pointers[this.noted] === (pointer | 0)) continue;
      pointers[entry] = pointer;
      this.living.push(entry);
    }
  }
}

/** Notes whose stores have a barrier. Words that are no pointers matter to nothing here. */
class GcNotes extends Notes {
  private readonly collector: Collector;
  private readonly objects: GcObjects;

  constructor(
    recording: Recording,
    roots: RootStacks,
    memory: LinearMemory,
    regions: readonly number[],
    pointers: Int32Array,
    collector: Collector,
    objects: GcObjects,
  ) {
    super(recording, roots, memory, regions, pointers);
    this.collector = collector;
    this.objects = objects;
  }

  protected override storePointer(entry: number, offset: number, pointer: number): void {
    if (entry < 0) {
      super.storePointer(entry, offset, pointer);
      return;
    }
    const object = (this.pointers[entry] as number) >>> 0;
    const at = offset + (this.objects.shifts[entry] as number);
    this.collector.barrier(object, at, pointer);
    this.memory.i32[(object + at) >>> 2] = pointer;
  }

  protected override storeWord(): void {}

  protected override copy(to: number, toOffset: number, from: number, fromOffset: number, bytes: number): void {
    const { ids, hasPointers, shifts } = this.objects;
    if (hasPointers[ids[to] as number] !== true) return;
    const { i32 } = this.memory;
    const source = ((this.pointers[from] as number) + (shifts[from] as number) + fromOffset) >>> 2;
    for (let at = 0; at < bytes; at += WORD_BYTES) {
      this.storePointer(to, toOffset + at, i32[source + at / WORD_BYTES] as number);
    }
  }
}
