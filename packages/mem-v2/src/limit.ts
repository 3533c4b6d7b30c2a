import { LinearMemory, MorphError, PAGE_BYTES } from "@morph/memory";
import type { ContextConfig } from "./config.ts";

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

  constructor(bytes: number, listener: ContextConfig["onMemoryPressure"]) {
    this.bytes = bytes;
    this.listener = listener;
  }

  /** @throws ERR_MORPH_OUT_OF_MEMORY when `held` bytes are too many */
  require(held: number): void {
    if (held <= this.bytes) return;
    throw new MorphError(
      "ERR_MORPH_OUT_OF_MEMORY",
      `the context may have ${this.bytes} bytes of pages: ${held} would be needed`,
    );
  }

  /** Calls the listener when the soft limit is crossed upwards. */
  watch(held: number): void {
    const above = held > this.bytes * SOFT;
    const crossed = above && !this.above;
    this.above = above;
    if (crossed) this.callListener(held);
  }

  /** Returns whether there is a listener, and it was called: not from within itself. */
  callListener(held: number): boolean {
    if (this.listener === undefined || this.calling) return false;
    this.calling = true;
    try {
      this.listener(held, this.bytes);
    } catch (error) {
      // What was allocated is allocated: a listener's error must not take its pointer away. It is uncaught instead.
      queueMicrotask(() => {
        throw error;
      });
    } finally {
      this.calling = false;
    }
    return true;
  }
}

/** A memory for a context alone; a SERVER context's own memory is bounded by itself too. */
export function ownMemory({ mode, heapSizeHint }: ContextConfig): LinearMemory {
  if (mode !== "SERVER") return new LinearMemory();
  const maxPages = Math.min(Math.floor(heapSizeHint / PAGE_BYTES), 65536);
  return new LinearMemory({ maxPages, initialPages: Math.min(256, maxPages) });
}
