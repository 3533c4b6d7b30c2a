/*
 * Pretenuring: which large objects are born in the old space. To copy one that lives is dearer than the share of a major collection that it costs there; so it is learnt by
 * size how many of those that are born in the nursery survive.
 */
import { WORD_BITS } from "./layout.ts";

/** Where more than such a part of a size survives, the next ones, so many times as much, are born in the old space. */
const MOST_SURVIVAL = 0.5;
const TIMES_AS_OLD = 16;
/** The part of the nursery that must have been born of late for that, as a shift: an eighth. */
const SAMPLE_SHIFT = 3;
/** What a collection leaves of what was known. */
const KEPT_KNOWLEDGE = 0.9;
/** Sizes are powers of 2 of blocks, up to 1,024, which is a sixteenth of the largest nursery. */
const SIZES = 11;

/** What is known of large objects, by size; all in blocks. */
export class Pretenuring {
  /** Born in the nursery of late, and of those, moved to the old space. */
  private readonly bornYoung: Float64Array = new Float64Array(SIZES);
  private readonly moved: Float64Array = new Float64Array(SIZES);
  /** To be born in the old space before the nursery is tried again. */
  private readonly asOld: Float64Array = new Float64Array(SIZES);
  private readonly sample: number;

  /** @param nurseryBlocks all blocks of the nursery */
  constructor(nurseryBlocks: number) {
    this.sample = nurseryBlocks >>> SAMPLE_SHIFT;
  }

  /** Whether the next object of so many blocks should be born in the old space; then it counts as born there. O(1). */
  takesOld(count: number): boolean {
    const size = sizeOf(count);
    const left = this.asOld[size] as number;
    if (left > 0) this.asOld[size] = left - count;
    return left > 0;
  }

  /** Notes one that was born in the nursery. O(1). */
  noteYoung(count: number): void {
    const size = sizeOf(count);
    this.bornYoung[size] = (this.bornYoung[size] as number) + count;
  }

  /** Notes one that was moved to the old space. O(1). */
  noteMoved(count: number): void {
    const size = sizeOf(count);
    this.moved[size] = (this.moved[size] as number) + count;
  }

  /** After a minor collection. O(1). */
  learn(): void {
    for (let size = 0; size < SIZES; size++) {
      const born = this.bornYoung[size] as number;
      const moved = this.moved[size] as number;
      const mostLive = born >= this.sample && moved > born * MOST_SURVIVAL;
      if (mostLive) this.asOld[size] = born * TIMES_AS_OLD;
      this.bornYoung[size] = mostLive ? 0 : born * KEPT_KNOWLEDGE;
      this.moved[size] = mostLive ? 0 : moved * KEPT_KNOWLEDGE;
    }
  }
}

/** The size of so many blocks, as a power of 2. */
function sizeOf(count: number): number {
  return WORD_BITS - 1 - Math.clz32(count);
}
