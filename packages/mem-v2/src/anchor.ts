import { type AddressSpace, describe, MorphError } from "@morph/memory";
import { MUTEX_BYTES } from "./mutex.ts";

/*
 * What stays of a shared context when it is destroyed: other threads still look here.
 *
 *   0          16             20             24             28
 *   ┌──────────┬──────────────┬──────────────┬──────────────┬─────────┐
 *   │ the lock │ generation   │ state, or 0  │ signature    │         │
 *   └──────────┴──────────────┴──────────────┴──────────────┴─────────┘
 *
 * A context is there as long as the generation is the one that it began with. The next shared context that this thread makes in the same
 * memory begins the next generation, at the same place.
 */

/** Bytes of an anchor. */
const ANCHOR_BYTES = 64;

const GENERATION = MUTEX_BYTES / 4;
const STATE = GENERATION + 1;
const SIGNATURE = GENERATION + 2;
/** "MCTX". */
const MAGIC = 0x5854_434d;

/** The anchors whose contexts were destroyed, so that there is never more than one of them in a memory. */
const leftBehind = new WeakMap<AddressSpace, number>();

/** Where a shared context lies, and which one it is. */
export interface Place {
  /** Pointer of its anchor. */
  readonly anchor: number;
  /** How often that had changed hands when the context began. */
  readonly generation: number;
}

/** A place for a context that begins. @throws ERR_MORPH_OUT_OF_MEMORY */
export function takeAnchor(memory: AddressSpace): Place {
  const anchor = leftBehind.get(memory) ?? memory.acquireTable(ANCHOR_BYTES);
  leftBehind.delete(memory);
  const { i32 } = memory;
  const generation = ((i32[anchor / 4 + GENERATION] as number) + 1) | 0;
  i32[anchor / 4 + GENERATION] = generation;
  i32[anchor / 4 + SIGNATURE] = MAGIC ^ anchor;
  return { anchor, generation };
}

/** Says where the context's state lies; from then on other threads can attach. */
export function setState(i32: Int32Array, { anchor }: Place, state: number): void {
  i32[anchor / 4 + STATE] = state;
}

/** The context is no more: who looks finds another generation. */
export function leaveAnchor(memory: AddressSpace, { anchor, generation }: Place): void {
  const { i32 } = memory;
  i32[anchor / 4 + STATE] = 0;
  i32[anchor / 4 + GENERATION] = (generation + 1) | 0;
  leftBehind.set(memory, anchor);
}

/** Word index of the word that holds a place's generation as long as its context is there. */
export function generationWord({ anchor }: Place): number {
  return anchor / 4 + GENERATION;
}

/**
 * The state of the context at a place.
 * @throws ERR_MORPH_INVALID_CONFIG when that is none; ERR_MORPH_DESTROYED when the context is no more
 */
export function stateAt(memory: AddressSpace, { anchor, generation }: Place): number {
  const { i32 } = memory;
  const isPlace =
    Number.isInteger(anchor) && anchor > 0 && anchor % 64 === 0 && anchor + ANCHOR_BYTES <= i32.byteLength;
  if (!isPlace || i32[anchor / 4 + SIGNATURE] !== ((MAGIC ^ anchor) | 0)) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `handle: no context lies at ${describe(anchor)}`);
  }
  const state = (i32[anchor / 4 + STATE] as number) >>> 0;
  if (i32[anchor / 4 + GENERATION] === generation && state !== 0) return state;
  throw new MorphError("ERR_MORPH_DESTROYED", "the context was destroyed");
}
