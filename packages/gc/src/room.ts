/* Where allocation finds room when the cursor of a kind stands at its limit: by a new block, by collecting, or by asking the program to let go of something. */
import { BurstGuard, MorphError, requireStack, StackGuard } from "@morph/memory";
import type { Cycle } from "./cycle.ts";
import type { Gate } from "./gate.ts";
import { BLOCK_BYTES, CURSOR, LIMIT, POINTERS, SLOT_BYTES, TYPE } from "./layout.ts";
import type { Settings } from "./options.ts";
import type { Parts } from "./parts.ts";
import type { Pauses } from "./pauses.ts";
import { LAYERS } from "./stack.ts";

const taking = /* @__PURE__ */ new BurstGuard(LAYERS);
const opening = /* @__PURE__ */ new StackGuard(LAYERS);

/** Blocks that are paid for at a time. */
const PAID_BLOCKS = 16;
/** With `collectEvery`, each so-many-th collection is a full one. */
const FULL_EVERY = 64;

/** Room for new objects. */
export class Room {
  /** Blocks that were allocated and not paid for, while a major collection is under way. */
  private owedBlocks = 0;
  /** Allocations until the next collection, with `collectEvery`. */
  private untilCollection: number;
  private collectionsDone = 0;
  private readonly parts: Parts;
  private readonly cycle: Cycle;
  private readonly pauses: Pauses;
  private readonly gate: Gate;
  private readonly settings: Settings;

  constructor(parts: Parts, cycle: Cycle, pauses: Pauses, gate: Gate, settings: Settings) {
    this.parts = parts;
    this.cycle = cycle;
    this.pauses = pauses;
    this.gate = gate;
    this.settings = settings;
    this.untilCollection = settings.collectEvery;
  }

  /** An object of the nursery, its pointer signed. @throws ERR_MORPH_OUT_OF_MEMORY */
  small(kind: number): number {
    const { space, nursery, old, statistics } = this.parts;
    const often = this.settings.collectEvery !== 0;
    if (often) this.collectOften();
    // Not just before a minor collection: that would be a longer pause.
    else if ((old.marking || old.sweeping) && nursery.hasRoom(1)) this.pay(1);
    const atLimit = space.i32[kind + CURSOR] === space.i32[kind + LIMIT];
    if (atLimit && (this.cycle.isMuchRemembered || !nursery.open(kind))) this.make(kind);
    statistics.allocatedBlocks++;
    const { i32 } = space;
    const pointer = i32[kind + CURSOR] as number;
    i32[kind + CURSOR] = (pointer + (i32[kind + SLOT_BYTES] as number)) | 0;
    if (often) nursery.close(CURSOR);
    return pointer;
  }

  /** Collects until the nursery has a block for a kind. @throws ERR_MORPH_OUT_OF_MEMORY */
  private make(kind: number): void {
    this.pauses.run(() => this.cycle.emptyNursery());
    if (this.open(kind)) return;
    this.pauses.run(() => this.cycle.compact());
    if (this.open(kind)) return;
    if (this.press(BLOCK_BYTES) && this.open(kind)) return;
    throw this.refusal(BLOCK_BYTES);
  }

  /** Opens a block, unless most of the nursery is taken by objects for which the old space has no room: every allocation would be a collection soon. */
  private open(kind: number): boolean {
    const { nursery } = this.parts;
    if (this.cycle.keptYoung > 0 && nursery.freeCount < nursery.blocks >>> 1) return false;
    return nursery.open(kind);
  }

  /** A large object, zeroed unless it need not be, its pointer signed. @throws ERR_MORPH_OUT_OF_MEMORY */
  large(kind: number, bytes: number, cleared: boolean): number {
    opening.require(bytes);
    const { space, statistics } = this.parts;
    if (this.settings.collectEvery !== 0) this.collectOften();
    const pointer = this.youngLarge(kind, bytes, cleared) || this.oldLarge(kind, bytes, cleared);
    statistics.allocatedBlocks += Math.ceil(bytes / BLOCK_BYTES);
    statistics.allocated.add(space.i32[kind + TYPE] as number, 1, bytes);
    return pointer;
  }

  /** A large object of the nursery, as long as it has no pointers, in which nothing is to be looked at when it moves; 0 where it should be old from the start. */
  private youngLarge(kind: number, bytes: number, cleared: boolean): number {
    const { space, nursery, old } = this.parts;
    const { cycle } = this;
    const blocks = Math.ceil(bytes / BLOCK_BYTES);
    if (space.i32[kind + POINTERS] !== 0 || cycle.keptYoung > 0) return 0;
    if (!nursery.wantsLarge(blocks, this.settings.collectEvery !== 0)) return 0;
    if ((old.marking || old.sweeping) && nursery.hasRoom(blocks)) this.pay(blocks);
    if (cycle.isMuchRemembered || !nursery.hasRoom(blocks)) this.pauses.run(() => cycle.minor());
    return cycle.keptYoung > 0 ? 0 : nursery.openLarge(kind, blocks, cleared);
  }

  /** A large object of the old space. @throws ERR_MORPH_OUT_OF_MEMORY */
  private oldLarge(kind: number, bytes: number, cleared: boolean): number {
    taking.require(bytes);
    const { old } = this.parts;
    if (old.marking || old.sweeping) this.pay(Math.ceil(bytes / BLOCK_BYTES));
    else if (this.cycle.isDue) this.pauses.run(() => this.cycle.minor());
    const pointer = old.allocLarge(kind, bytes, false, cleared) || this.makeLarge(kind, bytes, cleared);
    taking.ran();
    return pointer;
  }

  /** Takes pages for a large object, or collects until the old space has room for it. @throws ERR_MORPH_OUT_OF_MEMORY */
  private makeLarge(kind: number, bytes: number, cleared: boolean): number {
    requireStack(LAYERS);
    const { cycle } = this;
    const { old } = this.parts;
    const taken = old.allocLarge(kind, bytes, true, cleared);
    if (taken !== 0) return taken;
    const attempts = [() => cycle.full(), () => cycle.compact()];
    if (old.marking || old.sweeping) attempts.unshift(() => cycle.finishMajor());
    for (const attempt of attempts) {
      this.pauses.run(attempt);
      const pointer = old.allocLarge(kind, bytes, true, cleared);
      if (pointer !== 0) return pointer;
    }
    const pointer = this.press(bytes) ? old.allocLarge(kind, bytes, true, cleared) : 0;
    if (pointer === 0) throw this.refusal(bytes);
    return pointer;
  }

  /** Asks the program to let go of something; whether it was asked. */
  private press(bytes: number): boolean {
    const { onMemoryPressure } = this.settings;
    if (onMemoryPressure === undefined) return false;
    this.gate.collecting = true;
    try {
      onMemoryPressure(this.parts.space.footprint, bytes);
    } finally {
      this.gate.collecting = false;
    }
    this.gate.enter();
    this.pauses.run(() => this.cycle.compact());
    return true;
  }

  private refusal(bytes: number): MorphError {
    const { space, old } = this.parts;
    return new MorphError(
      "ERR_MORPH_OUT_OF_MEMORY",
      `no room for ${bytes} bytes: ${space.footprint} are in use, ${old.used * 8} by objects`,
    );
  }

  /** Lets allocation pay for a major collection, a few blocks at a time, because each slice asks for much of the stack: any function may run for the first time. */
  private pay(blocks: number): void {
    this.owedBlocks += blocks;
    if (this.owedBlocks < PAID_BLOCKS) return;
    const owed = this.owedBlocks;
    this.owedBlocks = 0;
    this.pauses.run(() => this.cycle.pay(owed));
  }

  private collectOften(): void {
    if (--this.untilCollection > 0) return;
    this.untilCollection = this.settings.collectEvery;
    this.collectionsDone++;
    const { moveAlways } = this.settings;
    const full = !moveAlways && this.collectionsDone % FULL_EVERY === 0;
    const { old } = this.parts;
    const onlyMinor = moveAlways && !old.marking && !old.sweeping;
    this.pauses.run(() => {
      if (full) this.cycle.compact();
      else if (onlyMinor) this.cycle.minor();
      else this.cycle.often();
    });
  }
}
