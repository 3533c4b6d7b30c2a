/*
 * What happens before a pointer is stored in an object: an old object that will lead to a young one is remembered, and while a major collection marks, what the field
 * led to is marked. Generated code does the same by itself; see the README.
 */
import { StackGuard } from "@morph/memory";
import type { Cycle } from "./cycle.ts";
import type { Gate } from "./gate.ts";
import { WORD_SHIFT } from "./layout.ts";
import type { Parts } from "./parts.ts";
import type { Remembered } from "./remembered.ts";
import type { Space } from "./space.ts";
import { LAYERS } from "./stack.ts";

const marking = /* @__PURE__ */ new StackGuard(LAYERS);

/** The barrier. */
export class Barrier {
  /** Addresses of the nursery, signed. */
  private readonly base: number;
  private readonly span: number;
  private readonly space: Space;
  private readonly remembered: Remembered;
  private readonly parts: Parts;
  private readonly cycle: Cycle;
  private readonly gate: Gate;

  constructor(parts: Parts, cycle: Cycle, gate: Gate) {
    this.base = parts.tracer.base;
    this.span = parts.tracer.span;
    this.space = parts.space;
    this.remembered = parts.remembered;
    this.parts = parts;
    this.cycle = cycle;
    this.gate = gate;
  }

  /** Before `value` is stored at `offset` of `parent`, both signed. O(1). */
  before(parent: number, offset: number, value: number): void {
    if ((parent - this.base) >>> 0 < this.span) return;
    // Somebody else may have grown the memory since.
    if (this.space.i32.length === 0) this.gate.awake();
    const slot = (parent + offset) | 0;
    if (this.parts.old.marking) {
      this.reached(this.space.i32[slot >>> WORD_SHIFT] as number);
      this.reached(value);
      // Young objects become old elsewhere than in blocks that are to be emptied.
      if (this.parts.incoming.noting) this.parts.incoming.note(slot >>> WORD_SHIFT, value);
    }
    if ((value - this.base) >>> 0 < this.span) this.remembered.note(parent, slot);
  }

  /** While marking, marks an object that somebody got hold of beside the graph. O(1). */
  reached(pointer: number): void {
    if (pointer === 0 || !this.parts.old.marking) return;
    // An overflow in the middle would leave an object marked whose pointers nobody looks at.
    marking.require(this.space.footprint);
    if (this.space.i32.length === 0) this.gate.awake();
    this.cycle.reached(pointer);
  }
}
