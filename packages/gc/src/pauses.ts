import { requireStack } from "@morph/memory";
import { now } from "./clock.ts";
import type { Gate } from "./gate.ts";
import { CURSOR } from "./layout.ts";
import type { Parts } from "./parts.ts";
import { COLLECTION_LAYERS } from "./stack.ts";

/** The pauses of a program: a collection, or a part of one, and then the finalizers whose turn it is. */
export class Pauses {
  private readonly gate: Gate;
  private readonly parts: Parts;

  constructor(gate: Gate, parts: Parts) {
    this.gate = gate;
    this.parts = parts;
  }

  /** Runs a collection, or a part of one. */
  run(work: () => void): void {
    requireStack(COLLECTION_LAYERS);
    const { gate } = this;
    const { statistics, handles } = this.parts;
    const start = now();
    gate.collecting = true;
    try {
      work();
    } finally {
      gate.collecting = false;
    }
    statistics.pause(now() - start);
    if (handles.due.length > 0) this.runFinalizers();
  }

  private runFinalizers(): void {
    const { gate } = this;
    const { nursery, handles } = this.parts;
    // Every cursor at its limit: `alloc` comes to the gate, which refuses.
    nursery.close(CURSOR);
    gate.finalizing = true;
    try {
      for (const finalizer of handles.takeDue()) {
        try {
          finalizer();
        } catch (error) {
          // An error must not take away what was allocated. It is uncaught instead, also in an AudioWorklet, which has no `queueMicrotask`.
          void Promise.reject(error);
        }
      }
    } finally {
      gate.finalizing = false;
    }
    // One of them may have grown the memory, or ended it.
    gate.look();
  }
}
