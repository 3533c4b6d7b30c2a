/*
 * The collections. A minor one is a pause. A major one takes a snapshot when the nursery is empty: what roots lead to then, it marks, in slices; what is born later
 * counts as marked. A pointer to an old object that is overwritten while it marks is marked by the barrier, so nothing of the snapshot is lost (Yuasa 1990). Roots
 * are therefore looked at once, at the start, and no pause grows with the depth of the stack at the end. The price: what dies meanwhile stays until the next.
 */

import { now } from "./clock.ts";
import { compact } from "./compaction.ts";
import { Evacuation } from "./evacuation.ts";
import {
  BLOCK_BYTES,
  EMPTYING,
  GRANULE_SHIFT,
  LANE,
  MARK_BASE,
  MARK_CURSOR,
  MARK_OVERFLOWED,
  MARKING,
  MOVES,
  NURSERY_BYTES,
  OLD_MOVES,
  WORD_SHIFT,
} from "./layout.ts";
import { isMarked } from "./old-space.ts";
import { Pace } from "./pace.ts";
import type { Parts } from "./parts.ts";
import { forgetDead, scanRemembered } from "./remembered-scan.ts";
import type { Phase } from "./statistics.ts";
import { COPY, FORWARD, MARK } from "./tracer.ts";
import { requireBarriers, requireMarks, verifyAll } from "./verify.ts";

/** Objects that are marked, and blocks that are swept, between two looks at the clock. */
const MARK_STEP = 512;
const SWEEP_STEP = 64;
/** Objects and blocks of a step in tests. */
const OFTEN = 1;
const ALL = 0x3fff_ffff;
/** A minor collection may take so many times the target: less of the nursery means that more survives. */
const MINOR_TARGETS = 3;
/** Each old object that is remembered stands for two objects to look at, itself and a young one. So many are never much; so many for each millisecond of the target always are. */
const REMEMBERED_WORK = 2;
const LEAST_MUCH = 2_048;
const ALWAYS_MUCH = 4_096;
/** Words that are looked at as roots take as long as one object that is copied: 16, as a shift. */
const ROOT_SHIFT = 4;
/** So many bytes of a large object take as long as a small one: 256, as a shift. */
const LARGE_SHIFT = 8;
/** The part of the free slots that the program is expected to have a use for. */
const USABLE_SLOTS = 0.75;

/** Runs collections. */
export class Cycle {
  readonly pace: Pace = new Pace();
  /** Objects for which the old space had no room in the last minor collection, so that they are in the nursery still. */
  keptYoung = 0;
  /** Whether all is marked: the next minor collection takes dead objects from the remembered list, then marking ends. */
  private allMarked = false;
  /** Blocks allocated since the last minor collection, while sparse blocks are emptied. */
  private blocksMeanwhile = 0;
  /** Budget of marking that slices did not use, because they took long enough. */
  private marksOwed = 0;
  /** Bytes of the remembered list that the last minor collection left. */
  private rememberedBytes = 0;
  private readonly evacuation: Evacuation;
  private readonly parts: Parts;
  private readonly verifyAlways: boolean;
  private readonly pauseTargetMs: number;

  constructor(parts: Parts, verifyAlways: boolean, pauseTargetMs: number) {
    this.parts = parts;
    this.evacuation = new Evacuation(parts);
    this.verifyAlways = verifyAlways;
    this.pauseTargetMs = pauseTargetMs;
  }

  /**
   * A minor collection, and the start of a major one when it is time.
   * @param start a major one in any case, when none is under way, which empties blocks in any case
   */
  minor(start = false): void {
    const { old } = this.parts;
    // Somebody may have got hold of an object that was not marked, by a weak handle: there is more to mark.
    if (this.allMarked && this.hasMarks) this.allMarked = false;
    const due = !old.marking && !old.sweeping && (start || this.isDue);
    this.collectNursery(due || (this.allMarked && this.evacuation.active));
    if (due && this.keptYoung === 0) this.startMarking(true, start);
    else if (this.allMarked) this.emptyBlocks();
  }

  /** Empties sparse blocks, as long as a pause should take, and in tests one at a time; when there are none, marking ends. The nursery is empty where there are some. */
  private emptyBlocks(): void {
    const { evacuation } = this;
    const { old } = this.parts;
    this.blocksMeanwhile = 0;
    if (evacuation.active && this.keptYoung === 0) {
      const start = now();
      if (!old.emptying) this.endWeak();
      old.emptying = true;
      const more = evacuation.step(this.verifyAlways ? 0 : this.pauseTargetMs);
      this.count(MOVES);
      this.count(OLD_MOVES);
      this.note("compactMs", start);
      if (more && this.verifyAlways) verifyAll(this.parts);
      if (more) return;
    }
    this.endMarking();
  }

  /** Whether so many old objects have got pointers to young ones that a minor collection should not wait for more. O(1). */
  get isMuchRemembered(): boolean {
    const { remembered, nursery } = this.parts;
    const entries = (remembered.used - this.rememberedBytes) >> WORD_SHIFT;
    if (entries <= LEAST_MUCH) return false;
    // Who knows how many it would be, and the bits of all blocks have to be looked at already.
    if (remembered.isFull) return true;
    const ms = nursery.msOf(entries * REMEMBERED_WORK);
    return ms > this.pauseTargetMs * MINOR_TARGETS || entries > this.pauseTargetMs * ALWAYS_MUCH;
  }

  /** Whether something stands on the mark stack, or found no place there. */
  private get hasMarks(): boolean {
    const { i32, control } = this.parts.space;
    return i32[control + MARK_CURSOR] !== i32[control + MARK_BASE] || i32[control + MARK_OVERFLOWED] !== 0;
  }

  /** Whether a major collection should start. O(1). */
  get isDue(): boolean {
    return this.pace.isDue(this.parts.old.used, this.roomLeft());
  }

  /** What the old space can still grow by, about, in 8s of bytes: free slots may be of other sizes than those that are needed. */
  private roomLeft(): number {
    const { space, old } = this.parts;
    const blocks = ((space.allBlocks - space.freeBlocks) * BLOCK_BYTES) / (1 << GRANULE_SHIFT);
    const free = (space.freeBlocks * BLOCK_BYTES + space.left) / (1 << GRANULE_SHIFT);
    return this.pace.room(free, (blocks - old.used) * USABLE_SLOTS);
  }

  /** Collects so that the nursery has room: all that is dead when the old space has none for those that survive. */
  emptyNursery(): void {
    const { old } = this.parts;
    this.minor();
    if (this.keptYoung > 0 && (old.marking || old.sweeping)) {
      this.finishMajor();
      this.minor();
    }
    if (this.keptYoung === 0) return;
    this.full();
    // Where free slots are of the wrong kinds, the next minor collection would be as long.
    if (this.evacuation.isWorthIt) this.evacuate();
  }

  private collectNursery(promoteAll: boolean): void {
    if (this.verifyAlways) requireBarriers(this.parts);
    const start = now();
    const { nursery, tracer, roots, handles, statistics } = this.parts;
    const before = nursery.blocks - nursery.freeCount;
    nursery.countNew(statistics.allocated);
    nursery.condemn(promoteAll);
    tracer.survivedBytes = 0;
    tracer.promotedBytes = 0;
    tracer.largeBytes = 0;
    tracer.copiedObjects = 0;
    tracer.youngObjects = 0;
    tracer.begin(COPY);
    const base = tracer.stackTop;
    const remembered = scanRemembered(this.parts, base, this.allMarked);
    roots.each((word) => tracer.visit(word));
    const { base: low, span } = tracer;
    const isYoung = (pointer: number): boolean => (pointer - low) >>> 0 < span;
    handles.eachStrong(true, (pointer) => (isYoung(pointer) ? tracer.copy(pointer) : pointer));
    tracer.drainCopies(base);
    handles.eachWeak(true, (pointer) => (isYoung(pointer) ? this.survivorOf(pointer) : pointer));
    tracer.finish();
    nursery.release();
    nursery.learn(tracer.promotedBytes);
    if (this.verifyAlways) nursery.poison();
    roots.clearAbove();
    this.count(MOVES);
    this.rememberedBytes = this.parts.remembered.used;
    this.keptYoung = tracer.youngObjects;
    this.pace.promoted(tracer.promotedBytes / (1 << GRANULE_SHIFT), this.parts.old.taken);
    statistics.minorCollections++;
    statistics.survivedBytes += tracer.survivedBytes;
    const promoted = tracer.promotedBytes + tracer.largeBytes;
    statistics.promotedBytes += promoted;
    statistics.copiedObjects += tracer.copiedObjects;
    statistics.keptYoung += tracer.youngObjects;
    statistics.survival = before === 0 ? 0 : (tracer.survivedBytes + promoted) / (before * BLOCK_BYTES);
    const ms = this.note("minorMs", start);
    const work = tracer.copiedObjects + (tracer.largeBytes >>> LARGE_SHIFT) + remembered;
    nursery.adapt(ms, this.pauseTargetMs * MINOR_TARGETS, work, roots.words >>> ROOT_SHIFT);
    if (this.verifyAlways) verifyAll(this.parts);
  }

  /** Counts up a word of the control table. */
  private count(word: number): void {
    const { i32, control } = this.parts.space;
    i32[control + word] = ((i32[control + word] as number) + 1) | 0;
  }

  /** Where a young object went, 0 when nothing led to it. */
  private survivorOf(pointer: number): number {
    const { space, tracer } = this.parts;
    const record = space.recordOf(pointer);
    if (space.i32[record + LANE] === 0) return pointer;
    return isMarked(space, pointer) ? tracer.copy(pointer) : 0;
  }

  // --- major -----------------------------------------------------------------------------------------------------------------

  /**
   * Takes the snapshot; the nursery is empty, but for what a full collection found no room for. O(roots).
   * @param mayEmpty whether sparse blocks may be emptied, when all is marked
   */
  private startMarking(mayEmpty: boolean, always = false): void {
    const start = now();
    const { space, old, tracer, roots, handles } = this.parts;
    tracer.markedObjects = 0;
    tracer.markedCost = 0;
    this.marksOwed = 0;
    tracer.enlargeStack();
    old.marking = true;
    space.i32[space.control + MARKING] = mayEmpty && this.evacuation.choose(always) ? EMPTYING : 1;
    old.markRuns();
    tracer.begin(MARK);
    roots.each((word) => tracer.visit(word));
    handles.eachStrong(false, (pointer) => {
      tracer.mark(pointer);
      return pointer;
    });
    tracer.finish();
    this.pace.started(old.used, this.roomLeft());
    this.note("markMs", start);
  }

  /** Marks an old object that somebody got hold of beside the graph, while marking. O(1). */
  reached(pointer: number): void {
    const { old, tracer } = this.parts;
    if (!old.marking) return;
    tracer.begin(MARK);
    tracer.mark(pointer);
    tracer.finish();
  }

  /** What allocation of so many blocks pays: a slice of marking or sweeping. */
  pay(blocks: number): void {
    const { old } = this.parts;
    if (old.emptying) {
      this.blocksMeanwhile += blocks;
      if (this.blocksMeanwhile > this.evacuation.between) this.minor();
    } else if (this.allMarked) this.minor();
    else if (old.marking) this.markSlice(this.pace.markBudget(old.used, blocks));
    else if (old.sweeping) this.sweepSlice(this.pace.sweepBudget(blocks));
  }

  /** For tests: a minor collection, and a very small step of a major one, which is always under way; so much happens while it marks. */
  often(): void {
    this.minor(true);
    if (this.parts.old.marking) this.markSlice(OFTEN);
    else if (this.parts.old.sweeping) this.sweepSlice(OFTEN);
  }

  /** Marks so many objects, and those that slices before did not, or fewer when that takes longer than a pause should; where some are owed, it may take as long as a minor collection. */
  private markSlice(budget: number): void {
    const start = now();
    const most = this.marksOwed > 0 ? this.pauseTargetMs * MINOR_TARGETS : this.pauseTargetMs;
    const { tracer } = this.parts;
    tracer.begin(MARK);
    let left = budget + this.marksOwed;
    let done = false;
    while (left > 0 && !done) {
      done = tracer.drainMarks(Math.min(left, MARK_STEP)) >= 0;
      left -= MARK_STEP;
      if (now() - start > most) break;
    }
    tracer.finish();
    this.marksOwed = done ? 0 : Math.max(0, left);
    this.allMarked = done;
    this.note("markMs", start);
  }

  /** Sweeps so many blocks, or fewer when that takes longer than a pause should. */
  private sweepSlice(blocks: number): void {
    const start = now();
    let more = true;
    for (let left = blocks; left > 0 && more; left -= SWEEP_STEP) {
      more = this.parts.old.sweep(Math.min(left, SWEEP_STEP));
      if (now() - start > this.pauseTargetMs) break;
    }
    if (!more) this.endSweep();
    this.note("sweepMs", start);
  }

  private note(phase: Phase, start: number): number {
    const { statistics } = this.parts;
    const ms = now() - start;
    statistics[phase] += ms;
    if (ms > statistics.longest[phase]) statistics.longest[phase] = ms;
    return ms;
  }

  /** All that was reachable is marked, and the remembered list has no dead objects: weak handles to others end, and sweeping starts. O(kinds + weak handles). */
  private endMarking(): void {
    const { space, old, tracer, statistics } = this.parts;
    this.endWeak();
    if (this.evacuation.active) this.evacuation.finish();
    old.emptying = false;
    old.marking = false;
    this.allMarked = false;
    space.i32[space.control + MARKING] = 0;
    statistics.markedObjects += tracer.markedObjects;
    this.pace.marked(tracer.markedCost, space.allBlocks, this.roomLeft());
    old.startSweep();
  }

  /** Ends weak handles to what is not marked, when all is. O(weak handles). */
  private endWeak(): void {
    const { space, tracer, handles } = this.parts;
    if (this.verifyAlways) requireMarks(this.parts);
    const { base } = tracer;
    const span = space.i32[space.control + NURSERY_BYTES] as number;
    const isYoung = (pointer: number): boolean => (pointer - base) >>> 0 < span;
    // Young objects are marked too where the tracer knows of no nursery; see `full`.
    const isAlive = (pointer: number): boolean => (tracer.span !== 0 && isYoung(pointer)) || isMarked(space, pointer);
    handles.eachWeak(false, (pointer) => (isAlive(pointer) ? pointer : 0));
  }

  private endSweep(): void {
    const { space, old, statistics } = this.parts;
    statistics.majorCollections++;
    statistics.freedBytes += old.freed * 8;
    this.pace.swept(old.used, old.freed, space.isBounded ? this.roomLeft() : 0);
    if (this.verifyAlways) verifyAll(this.parts);
  }

  /** Marks to the end, in one pause. */
  private markAll(): void {
    const { tracer } = this.parts;
    const start = now();
    if (this.evacuation.active) this.evacuation.finish();
    tracer.begin(MARK);
    while (tracer.drainMarks(ALL) < 0) {}
    tracer.finish();
    forgetDead(this.parts);
    this.endMarking();
    this.note("markMs", start);
  }

  /** Ends a major collection that is under way. */
  finishMajor(): void {
    const { old } = this.parts;
    if (old.marking) this.markAll();
    if (!old.sweeping) return;
    const start = now();
    old.sweepAll();
    this.endSweep();
    this.note("sweepMs", start);
  }

  /** Frees all that is dead now, in one pause. O(live objects + blocks). */
  full(): void {
    this.finishMajor();
    const { nursery, tracer, statistics } = this.parts;
    this.collectNursery(true);
    // Objects that had to stay in the nursery are marked as old ones are; the program does not run before that is done.
    if (this.keptYoung > 0) tracer.span = 0;
    this.startMarking(false);
    this.markAll();
    if (this.keptYoung > 0) {
      nursery.sweep();
      tracer.setNursery();
    }
    this.finishMajor();
    statistics.fullCollections++;
    if (this.keptYoung > 0) this.collectNursery(true);
  }

  /** A full collection, after which sparse blocks are emptied into others. O(live objects + blocks). */
  compact(): void {
    this.full();
    this.evacuate();
  }

  private evacuate(): void {
    const start = now();
    const { statistics, space, tracer } = this.parts;
    const before = space.footprint;
    tracer.begin(FORWARD);
    compact(this.parts);
    this.count(MOVES);
    this.count(OLD_MOVES);
    tracer.begin(MARK);
    if (space.footprint < before) statistics.freedBytes += before - space.footprint;
    statistics.compactions++;
    this.note("compactMs", start);
    if (this.verifyAlways) verifyAll(this.parts);
    if (this.keptYoung > 0) this.collectNursery(true);
  }

  /**
   * Works for so long on a major collection that is due or under way.
   * @returns whether there is more to do
   */
  step(budgetMs: number): boolean {
    const until = now() + budgetMs;
    const { old } = this.parts;
    if (!old.marking && !old.sweeping) {
      if (!this.isDue) return false;
      this.minor();
    }
    while ((old.marking || old.sweeping) && now() < until) {
      if (this.allMarked) this.minor();
      else if (old.marking) this.markSlice(MARK_STEP);
      else this.sweepSlice(SWEEP_STEP);
    }
    return old.marking || old.sweeping;
  }
}
