import { describe, MorphError } from "@morph/memory";

/** A place in an arena to return to; only {@link Arena.mark} makes them. */
export interface ArenaMark {
  /** The pointer up to which the arena was filled. */
  readonly pointer: number;
}

/** How far an arena was filled at some time: blocks in use, and the pointer up to which the current one was filled. */
export interface Position {
  readonly depth: number;
  readonly pointer: number;
}

/** Before every position. */
const NOWHERE: Position = { depth: -1, pointer: 0 };

/** A mark, with the fields that only its arena reads. */
class Mark<Block> implements ArenaMark, Position {
  readonly pointer: number;
  readonly depth: number;
  readonly block: Block | undefined;
  /** How many rewinds there had been when it was made. */
  readonly time: number;
  readonly #marks: object;

  constructor(marks: object, { pointer, depth }: Position, block: Block | undefined, time: number) {
    this.#marks = marks;
    this.pointer = pointer;
    this.depth = depth;
    this.block = block;
    this.time = time;
  }

  static isOf<Block>(mark: unknown, marks: object): mark is Mark<Block> {
    return typeof mark === "object" && mark !== null && #marks in mark && mark.#marks === marks;
  }
}

/** A rewind, after which marks that were made before it and lie behind it are stale. */
interface Rewind extends Position {
  readonly time: number;
}

/**
 * Tells which marks of an arena are good. A mark is stale when a rewind after it was made went further back. The marks themselves are not kept,
 * so that a mark that is never used costs nothing; the rewinds are, as far as they can make a mark stale.
 */
export class Marks<Block> {
  /** Rewinds so far. */
  private time = 0;
  /** The rewinds that can make a mark stale. Later ones went less far back than earlier ones. */
  private readonly rewinds: Rewind[] = [];
  /** The furthest position of a mark that may still be good. */
  private furthest: Position = NOWHERE;

  /** A mark of a position in a block. O(1). */
  make(position: Position, block: Block | undefined): ArenaMark {
    if (isBefore(this.furthest, position)) this.furthest = position;
    return new Mark(this, position, block, this.time);
  }

  /**
   * The position of a good mark. O(1) amortized.
   * @throws ERR_MORPH_INVALID_MARK when it is stale, or not one of these
   */
  require(mark: ArenaMark): Position & { readonly block: Block | undefined } {
    if (!Mark.isOf<Block>(mark, this) || this.isStale(mark)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_MARK",
        `expected a mark of this arena that no rewind or reset has dropped, got ${describe(mark)}`,
      );
    }
    return mark;
  }

  /** Notes that the arena went back to a position: marks behind it are stale. O(1) amortized. */
  rewound(position: Position): void {
    if (!isBefore(position, this.furthest)) return;
    this.time++;
    this.furthest = { depth: position.depth, pointer: position.pointer };
    // Rewinds to positions behind this one make no mark stale that this one does not.
    while (this.rewinds.length > 0 && !isBefore(this.rewinds.at(-1)!, position)) this.rewinds.pop();
    this.rewinds.push({ ...this.furthest, time: this.time });
  }

  /** Makes all marks stale, also those of the empty arena. O(1). */
  dropAll(): void {
    this.time++;
    this.furthest = NOWHERE;
    this.rewinds.length = 0;
    this.rewinds.push({ ...NOWHERE, time: this.time });
  }

  /** Whether some rewind after the mark was made went further back. */
  private isStale(mark: Mark<Block>): boolean {
    // The first one after it went furthest back. If the mark is good, its rewind drops all that are passed here.
    let next = this.rewinds.length;
    while (next > 0 && this.rewinds[next - 1]!.time > mark.time) next--;
    return next < this.rewinds.length && isBefore(this.rewinds[next]!, mark);
  }
}

function isBefore(a: Position, b: Position): boolean {
  return a.depth < b.depth || (a.depth === b.depth && a.pointer < b.pointer);
}
