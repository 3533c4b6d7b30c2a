import { describe, type LinearMemory, MorphError } from "@morph/memory";
import type { Allocator } from "./allocator.ts";
import { Footprint } from "./footprint.ts";
import { RootStacks } from "./roots.ts";
import { V1Allocator, type V1Options } from "./v1/allocator.ts";
import { ZombieLog } from "./v1/zombie-log.ts";
import { V2_TYPES, V2Allocator } from "./v2-allocator.ts";
import { TypeTable } from "./values/types.ts";

/** Which allocator serves a runtime. */
export type AllocatorName = "v1" | "v2";

/** An allocator with what it needs around it. */
export interface AllocatorSet {
  readonly allocator: Allocator;
  /** The same allocator, when it is V1. */
  readonly v1: V1Allocator | undefined;
  readonly types: TypeTable;
  readonly roots: RootStacks;
}

/** V1's types are pointers, so it can tell any number apart; handles stay small integers. */
const V1_TYPES = 2 ** 30;
/** Bytes of a root: V1 mallocs 16, which take 32; V2 keeps an array of addresses. */
const V1_ROOT_BYTES = 32;
const V2_ROOT_BYTES = 8;

/**
 * @param regionBytes bytes of the memory's pages that are not the allocator's, for its statistics
 * @throws ERR_MORPH_INVALID_CONFIG
 */
export function createAllocator(
  name: AllocatorName,
  memory: LinearMemory,
  v1Options: V1Options = {},
  regionBytes: () => number = () => 0,
): AllocatorSet {
  if (name === "v1") {
    const footprint = new Footprint(V1_ROOT_BYTES);
    const roots = new RootStacks(footprint);
    const types = new TypeTable(V1_TYPES, () => {});
    const log = v1Options.zombieLog === undefined ? undefined : new ZombieLog(v1Options.zombieLog);
    const v1 = new V1Allocator(memory, types, roots, footprint, v1Options, log);
    return { allocator: v1, v1, types, roots };
  }
  if (name === "v2") {
    const footprint = new Footprint(V2_ROOT_BYTES);
    const v2 = new V2Allocator(memory, footprint, regionBytes);
    const types = new TypeTable(V2_TYPES, (handle) => v2.registered(handle));
    v2.useTypes(types);
    return { allocator: v2, v1: undefined, types, roots: new RootStacks(footprint) };
  }
  throw new MorphError("ERR_MORPH_INVALID_CONFIG", `allocator: expected "v1" or "v2", got ${describe(name)}`);
}
