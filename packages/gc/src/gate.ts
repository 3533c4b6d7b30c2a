import { MorphError, StackGuard } from "@morph/memory";
import type { Space } from "./space.ts";
import { LAYERS } from "./stack.ts";

const entering = /* @__PURE__ */ new StackGuard(LAYERS);

/** Who may come in: nobody after the end, nobody who changes something in the middle of a collection; and everybody with the memory's view of now. */
export class Gate {
  /** Whether a collection, or a callback in one, runs; and finalizers. */
  collecting = false;
  finalizing = false;
  destroyed = false;
  private readonly space: Space;
  private readonly show: () => void;

  /** @param show takes over the memory's view of now */
  constructor(space: Space, show: () => void) {
    this.space = space;
    this.show = show;
  }

  /** Begins what may change something. @throws ERR_MORPH_BUSY, ERR_MORPH_DESTROYED; RangeError when the stack is nearly full */
  enter(): void {
    entering.require(this.space.footprint);
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the collector was destroyed");
    if (this.finalizing || this.collecting) {
      throw new MorphError("ERR_MORPH_BUSY", "a finalizer, or a callback in a collection, may not allocate or collect");
    }
    this.look();
  }

  /** Takes over the memory's view of now. */
  look(): void {
    this.space.memory.refresh();
    this.show();
  }

  /** Looks whether the view is there, and makes it anew where growth by others took it away. @returns whether it was made anew. @throws ERR_MORPH_BUSY, ERR_MORPH_DESTROYED */
  awake(): boolean {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the collector was destroyed");
    if (this.space.i32.length !== 0) return false;
    this.look();
    return true;
  }
}
