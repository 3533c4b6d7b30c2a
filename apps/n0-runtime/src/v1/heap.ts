import type { LinearMemory } from "@morph/memory";
import type { Footprint } from "../footprint.ts";
import type { TypeTable } from "../values/types.ts";
import type { Descriptors } from "./descriptors.ts";
import type { PageSource } from "./page-source.ts";

/** What V1's collector, daemon and `verify` know of its allocator: the lists of objects and pages, and what they are counted in. */
export interface V1Heap {
  readonly i32: Int32Array;
  readonly memory: LinearMemory;
  readonly footprint: Footprint;
  readonly types: TypeTable;
  readonly pages: PageSource;
  readonly descriptors: Descriptors;
  /** Payload bytes of objects that were not found dead. */
  allocated: number;
  /** First header of the list of all objects, and of the free list. */
  heapHead: number;
  freeHead: number;
  /** First descriptor of the list of all pages. */
  pageHead: number;
  /** Descriptor of the page that is being filled. */
  readonly page: number;
  /** When the last allocation was, in ms, if the clock is read. */
  lastAllocation: number;
  /** Takes an entry out of the free list. O(1). */
  unlinkFree(header: number): void;
  /** Bytes of a page and its descriptor came or went. */
  countPage(bytes: number): void;
}
