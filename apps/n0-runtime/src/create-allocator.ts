import { describe, type LinearMemory, MorphError } from "@morph/memory";
import type { Allocator } from "./allocator.ts";
import { Footprint } from "./footprint.ts";
import { GC_POINTER_BYTES, GC_TYPES, GcAllocator, type GcOptions } from "./gc/allocator.ts";
import type { Regions } from "./regions.ts";
import { RootStacks } from "./roots.ts";
import { V1Allocator, type V1Options } from "./v1/allocator.ts";
import { ZombieLog } from "./v1/zombie-log.ts";
import { V2_TYPES, V2Allocator } from "./v2-allocator.ts";
import { TypeTable } from "./values/types.ts";

/** Which allocator serves a runtime. */
export type AllocatorName = "v1" | "v2" | "gc";

/** An allocator with what it needs around it. */
export interface AllocatorSet {
  readonly allocator: Allocator;
  /** The same allocator, when it is V1. */
  readonly v1: V1Allocator | undefined;
  /** The same allocator, when it is the collector. */
  readonly gc: GcAllocator | undefined;
  readonly types: TypeTable;
  readonly roots: RootStacks;
}

/** V1's types are pointers, so it can tell any number apart; handles stay small integers. */
const V1_TYPES = 2 ** 30;
/** Bytes of a root: V1 mallocs 16, which take 32; V2 keeps an array of addresses. */
const V1_ROOT_BYTES = 32;
const V2_ROOT_BYTES = 8;

/** What each allocator can be asked for. */
export interface AllocatorOptions {
  readonly v1?: V1Options;
  readonly gc?: GcOptions;
  /** What offsets of pointers are multiples of. Default: 8 bytes, 4 on the collector. */
  readonly pointerBytes?: number;
}

/**
 * @param regions the pages that are not the allocator's
 * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_OUT_OF_MEMORY
 */
export function createAllocator(
  name: AllocatorName,
  memory: LinearMemory,
  regions: Regions,
  options: AllocatorOptions = {},
): AllocatorSet {
  if (name === "v1") {
    const { v1: v1Options = {} } = options;
    const footprint = new Footprint(V1_ROOT_BYTES);
    const roots = new RootStacks(footprint);
    const types = new TypeTable(V1_TYPES, () => {}, options.pointerBytes);
    const log = v1Options.zombieLog === undefined ? undefined : new ZombieLog(v1Options.zombieLog);
    const v1 = new V1Allocator(memory, types, roots, footprint, v1Options, log);
    return { allocator: v1, v1, gc: undefined, types, roots };
  }
  if (name === "v2") {
    const footprint = new Footprint(V2_ROOT_BYTES);
    const v2 = new V2Allocator(memory, footprint, () => regions.bytes);
    const types = new TypeTable(V2_TYPES, (handle) => v2.registered(handle), options.pointerBytes);
    v2.useTypes(types);
    return { allocator: v2, v1: undefined, gc: undefined, types, roots: new RootStacks(footprint) };
  }
  if (name === "gc") {
    const gc = new GcAllocator(memory, regions, options.gc);
    const types = new TypeTable(GC_TYPES, (handle, info) => gc.registered(handle, info), GC_POINTER_BYTES);
    gc.useTypes(types);
    return { allocator: gc, v1: undefined, gc, types, roots: gc.roots };
  }
  throw new MorphError("ERR_MORPH_INVALID_CONFIG", `allocator: expected "v1", "v2" or "gc", got ${describe(name)}`);
}
