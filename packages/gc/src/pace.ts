/*
 * When a major collection starts, and how fast it goes. It starts when the old space has grown by a part of what the last one left; that part is larger the less
 * the last one freed, so that a program whose data only grows does not mark it again and again. Sizes are in 8s of bytes.
 */
/** Growth before the next major collection, as a part of what is live: at least, at most. */
const LEAST_GROWTH = 0.3;
const MOST_GROWTH = 0.5;
/** The same where the program has said how much there may be: such a part of the room that is left, and of what is live at most. */
const BOUNDED_ROOM = 0.4;
const MOST_BOUNDED_GROWTH = 1;
/** A collection that freed less, or more, than such a part of the old space makes the next wait longer, or shorter. */
const POOR = 0.1;
const RICH = 0.3;
const CHANGE = 1.5;
/** Growth before the next in any case: 2 MiB. */
const LEAST_GRANULES = 262_144;
/** Marking is to be done before the old space has grown by such a part of itself. */
const MARK_GROWTH = 0.12;
/** Where so little room is left, as a part of what is used, a collection starts although the threshold is far; but not before the old space has grown by such parts of itself and of that room. */
const SCARCE = 0.25;
const LEAST_SCARCE_GROWTH = 1 / 32;
const SCARCE_ROOM = 0.5;
/** Marking and sweeping should take no more than such parts of the room that is left when they start. */
const MARK_ROOM = 0.4;
const SWEEP_ROOM = 0.25;
/** An object's size where none was marked before: 32 bytes. */
const FIRST_OBJECT_GRANULES = 4;
const BLOCK_GRANULES = 512;
/** How much of what was known of promotions a minor collection leaves; and what part of them goes to new blocks, at least, where that matters. */
const KEPT_KNOWLEDGE = 0.9;
const LEAST_NEW = 0.02;
/** Objects and blocks that a slice takes at least. */
const LEAST_MARKS = 128;
const LEAST_SWEEP = 16;

/** Decides when and how fast. */
export class Pace {
  private growth = LEAST_GROWTH;
  private threshold = LEAST_GRANULES * 2;
  private cost = 0;
  /** Old granules that the last major collection left. */
  live = 0;
  /** Granules that the old space may grow by while it is marked. */
  private growthMeanwhile = 0;
  /** Blocks to sweep for each that is allocated. */
  private sweepPart = LEAST_SWEEP;

  /** Granules that became old of late, and of the blocks that were taken for them; and of all that were ever taken. */
  private lately = 0;
  private takenLately = 0;
  private taken = 0;

  /** Notes what a minor collection promoted. @param taken granules of blocks that were ever taken for that */
  promoted(granules: number, taken: number): void {
    this.lately = this.lately * KEPT_KNOWLEDGE + granules;
    this.takenLately = this.takenLately * KEPT_KNOWLEDGE + taken - this.taken;
    this.taken = taken;
  }

  /**
   * What the old space can still grow by, about: free slots may be of other kinds than those that are needed, and then all is new blocks.
   * @param blocks granules of blocks that are free, or are not there yet @param slots those of free slots that are expected to be of use
   */
  room(blocks: number, slots: number): number {
    const part = this.lately === 0 ? 0 : this.takenLately / this.lately;
    const most = part < LEAST_NEW ? Number.POSITIVE_INFINITY : blocks / Math.min(part, 1);
    return Math.floor(Math.min(blocks + slots, most));
  }

  /** Whether a major collection should start. @param room what the old space can still grow by */
  isDue(used: number, room: number): boolean {
    if (used >= this.threshold) return true;
    const growth = Math.max(Math.min(LEAST_GRANULES, room * SCARCE_ROOM), this.live * LEAST_SCARCE_GROWTH);
    return room < used * SCARCE && used >= this.live + growth;
  }

  /** Notes that marking starts. */
  started(used: number, room: number): void {
    this.growthMeanwhile = Math.min(used * MARK_GROWTH + LEAST_GRANULES, room * MARK_ROOM + 1);
  }

  /** Notes what marking took, in budgets; and how many blocks are to be swept. */
  marked(cost: number, blocks: number, room: number): void {
    this.cost = cost;
    this.sweepPart = Math.max(LEAST_SWEEP, Math.ceil((blocks * BLOCK_GRANULES) / (room * SWEEP_ROOM + 1)));
  }

  /** Notes what a sweep left and freed. @param room what the old space can still grow by, and the program has said so; else 0 */
  swept(used: number, freed: number, room: number): void {
    const part = freed / (used + freed + 1);
    if (part < POOR) this.growth = Math.min(MOST_GROWTH, this.growth * CHANGE);
    else if (part > RICH) this.growth = Math.max(LEAST_GROWTH, this.growth / CHANGE);
    this.live = used;
    const bounded = Math.min(used * MOST_BOUNDED_GROWTH, room * BOUNDED_ROOM);
    this.threshold = used + Math.max(LEAST_GRANULES, used * this.growth, bounded);
  }

  /** How much to mark for so many blocks allocated; objects, about. */
  markBudget(used: number, blocks: number): number {
    const cost = Math.max(this.cost, (this.cost === 0 ? used : 0) / FIRST_OBJECT_GRANULES);
    return Math.max(LEAST_MARKS, Math.ceil((cost * BLOCK_GRANULES) / this.growthMeanwhile)) * blocks;
  }

  /** Blocks to sweep for so many blocks allocated. */
  sweepBudget(blocks: number): number {
    return this.sweepPart * blocks;
  }
}
