import { LinearMemory } from "@morph/memory";
import type { Allocator } from "../allocator.ts";
import { type AllocatorName, createAllocator } from "../create-allocator.ts";
import { GC_POINTER_BYTES, type GcOptions } from "../gc/allocator.ts";
import { Regions } from "../regions.ts";
import type { V1Options } from "../v1/allocator.ts";
import type { Recording } from "./decoder.ts";
import { replayOnGc } from "./gc-replayer.ts";
import { Notes } from "./notes.ts";
import { acquireRegions, pagesFor, type ReplayResult } from "./replay-memory.ts";

/**
 * Runs a recording on an allocator of its own, in a memory large enough never to grow. Only the allocator's calls are timed.
 * Stores, roots and held pointers matter to nothing but a collection, so they are brought up to date right before one, with the clock
 * stopped. @throws what the allocator throws
 */
export function replay(
  recording: Recording,
  name: AllocatorName,
  v1Options: V1Options = {},
  gcOptions: GcOptions = {},
): ReplayResult {
  if (name === "gc") return replayOnGc(recording, gcOptions);
  const { sizes, types, typeInfos, allocations } = recording;
  const memory = new LinearMemory({ initialPages: pagesFor(recording) });
  // Before the allocator, whose footprint they are not part of.
  const regions = acquireRegions(memory, recording.regions);
  const set = createAllocator(name, memory, new Regions(memory), { v1: v1Options, pointerBytes: GC_POINTER_BYTES });
  for (const info of typeInfos) set.types.register(info);
  // Written to, so that the system provides its pages now and not within the time that is measured.
  const pointers = new Int32Array(sizes.length).fill(0);
  const notes = new Notes(recording, set.roots, memory, regions, pointers);
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
