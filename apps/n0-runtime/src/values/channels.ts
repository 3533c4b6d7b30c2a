import type { LinearMemory, MorphError } from "@morph/memory";
import { nullFailure, RuntimeFailure } from "../failure.ts";
import { outOfMemory, type RuntimeHeap } from "../runtime-heap.ts";
import {
  CHANNEL_BUFFER,
  CHANNEL_BYTES,
  CHANNEL_CAPACITY,
  CHANNEL_COUNT,
  CHANNEL_HEAD,
  CHANNEL_TAIL,
} from "./layout.ts";

/** Values that a channel holds. */
const CAPACITY = 5;

/** A channel lies behind a V1 header that is marked for ever, so that a collection that meets one goes past it (V1-10). */
const HEADER = 88;
const HEADER_FLAGS = 16;
const BYTES = HEADER + CHANNEL_BYTES + CAPACITY * 8;

/** Queues of 64-bit ints outside the heap. Nothing here waits: whoever runs the Morph threads does. */
export class Channels {
  private readonly heap: RuntimeHeap;
  private readonly memory: LinearMemory;
  private readonly live: Set<number> = new Set();

  constructor(heap: RuntimeHeap, memory: LinearMemory) {
    this.heap = heap;
    this.memory = memory;
  }

  /** @throws the failure `memory` */
  create(): number {
    const block = this.acquireBlock();
    const channel = block + HEADER;
    const { i32 } = this.heap;
    i32[(block + HEADER_FLAGS) >>> 2] = 1;
    i32[(channel + CHANNEL_BUFFER) >>> 2] = channel + CHANNEL_BYTES;
    i32[(channel + CHANNEL_CAPACITY) >>> 2] = CAPACITY;
    this.live.add(channel);
    return channel;
  }

  /** @throws the failure `null` for anything that is not a channel, also one destroyed before */
  destroy(channel: number): void {
    this.require(channel);
    this.live.delete(channel >>> 0);
    this.memory.releaseTable((channel >>> 0) - HEADER, BYTES);
  }

  /** O(1). @returns false when it is full */
  trySend(channel: number, low: number, high: number): boolean {
    const word = this.require(channel);
    const { i32 } = this.heap;
    const count = i32[word + CHANNEL_COUNT / 4] as number;
    if (count === CAPACITY) return false;
    const tail = i32[word + CHANNEL_TAIL / 4] as number;
    const slot = ((i32[word + CHANNEL_BUFFER / 4] as number) >>> 2) + tail * 2;
    i32[slot] = low;
    i32[slot + 1] = high;
    i32[word + CHANNEL_TAIL / 4] = tail === CAPACITY - 1 ? 0 : tail + 1;
    i32[word + CHANNEL_COUNT / 4] = count + 1;
    return true;
  }

  /** O(1). The value is the result. @returns false when it is empty */
  tryReceive(channel: number): boolean {
    const word = this.require(channel);
    const { i32 } = this.heap;
    const count = i32[word + CHANNEL_COUNT / 4] as number;
    if (count === 0) return false;
    const head = i32[word + CHANNEL_HEAD / 4] as number;
    const slot = ((i32[word + CHANNEL_BUFFER / 4] as number) >>> 2) + head * 2;
    this.heap.setResult(i32[slot] as number, i32[slot + 1] as number);
    i32[word + CHANNEL_HEAD / 4] = head === CAPACITY - 1 ? 0 : head + 1;
    i32[word + CHANNEL_COUNT / 4] = count - 1;
    return true;
  }

  /** Gives all channels back. */
  destroyAll(): void {
    for (const channel of [...this.live]) this.destroy(channel);
  }

  private acquireBlock(): number {
    try {
      return this.memory.acquireTable(BYTES);
    } catch (error) {
      throw (error as MorphError).code === "ERR_MORPH_OUT_OF_MEMORY" ? outOfMemory(error as Error) : error;
    }
  }

  private require(channel: number): number {
    if (!this.live.has(channel >>> 0)) throw nullFailure("a channel");
    return channel >>> 2;
  }
}

/** A channel call would wait, and nobody is there who could end that. */
export function deadlock(what: string): RuntimeFailure {
  return new RuntimeFailure("deadlock", `deadlock: ${what}`);
}
