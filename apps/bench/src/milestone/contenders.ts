import type { AllocatorName } from "n0-runtime";

/** The allocators on which the Morph programs run, in the order of the tables. */
export const ALLOCATORS: readonly AllocatorName[] = ["v1", "v2", "gc"];

/** What is run: the Morph program on an allocator, or its namesake on plain JavaScript objects. */
export type ContenderName = AllocatorName | "plain";

/** How the report calls them. */
export const CONTENDER_NAMES: Readonly<Record<ContenderName, string>> = {
  v1: "V1",
  v2: "V2",
  gc: "GC",
  plain: "plain objects",
};
