import { type AddressSpace, describe, MorphError } from "@morph/memory";

/** The memory contract this package was written against; see CONTRACT_VERSION of `@morph/memory`. */
export const CONTRACT = 1;

/** How to make a {@link Heap}. */
export interface HeapOptions {
  /** The memory to take pages from. Default: a new one of its own. */
  memory?: AddressSpace;
  /** The most bytes of pages and tables that the heap takes. Default: what the memory has. */
  maxBytes?: number;
  /** Continue the heap that another thread registered under this id; its state comes with {@link Heap.loadState}. */
  owner?: number;
}

/** @throws ERR_MORPH_INVALID_CONFIG */
export function requireMaxBytes(bytes: number): void {
  if (bytes !== Number.POSITIVE_INFINITY && (!Number.isInteger(bytes) || bytes < 1)) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `maxBytes: expected an integer from 1 or Infinity, got ${describe(bytes)}`,
    );
  }
}
