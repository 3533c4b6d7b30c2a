import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import type { ContextOptions } from "./config.ts";

/** Part of the limit above which the listener hears of pressure. */
const SOFT = 0.8;

/** What a SERVER context may take, and who is told before it is taken. */
export class Limit {
  /** Bytes of pages and tables. */
  readonly bytes: number;
  private readonly listener: ((held: number, limit: number) => void) | undefined;
  /** Whether the soft limit was crossed and not yet left again. */
  private above = false;
  private calling = false;

  constructor(bytes: number, listener: ContextOptions["onMemoryPressure"]) {
    this.bytes = bytes;
    this.listener = listener;
  }

  /** Whether the context may hold so many bytes. */
  allows(held: number): boolean {
    return held <= this.bytes;
  }

  /** Calls the listener when the soft limit was crossed upwards since the last time. @returns whether it was called */
  watch(held: number): boolean {
    const above = held > this.bytes * SOFT;
    const crossed = above && !this.above;
    this.above = above;
    return crossed && this.callListener(held);
  }

  /** Calls the listener. @returns whether there is one, and it was called: not from within itself */
  callListener(held: number): boolean {
    if (this.listener === undefined || this.calling) return false;
    this.calling = true;
    try {
      this.listener(held, this.bytes);
    } catch (error) {
      // An object can be made all the same. The error is uncaught instead; an AudioWorklet has no queueMicrotask.
      if (typeof queueMicrotask === "function") {
        queueMicrotask(() => {
          throw error;
        });
      } else void Promise.reject(error);
    } finally {
      this.calling = false;
    }
    return true;
  }
}

/** A memory for a context alone; a SERVER context's own memory is bounded by itself too. */
export function ownMemory({ maxBytes }: ContextOptions): LinearMemory {
  if (maxBytes === undefined) return new LinearMemory();
  const maxPages = Math.min(Math.floor(maxBytes / PAGE_BYTES), 65536);
  return new LinearMemory({ maxPages, initialPages: Math.min(256, maxPages) });
}
