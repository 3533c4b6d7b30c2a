import { describe, MorphError } from "@morph/memory";

/*
 * Each number has a bit, which says that it is free. A level above, each word of 32 bits has a bit, which says that one of them is set, and so on up to a
 * single word. So the lowest free number is found on one way down.
 */

/** The most numbers that there can be. */
const MAX_CAPACITY = 2 ** 31;

/** Hands out numbers, the lowest free one first: for slots of a table, instances of a mesh, handles. */
export class Ids {
  private size = 0;
  /** The free numbers' bits, and above them the words that have any; the last has one word. */
  private levels: Int32Array[] = [];
  private liveIds = 0;
  private highestId = -1;

  /**
   * @param capacity how many numbers there are, from 0 to 2^31
   * @throws ERR_MORPH_INVALID_CONFIG
   */
  constructor(capacity: number) {
    if (!Number.isInteger(capacity) || capacity < 0 || capacity > MAX_CAPACITY) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `capacity: expected an integer from 0 to 2^31, got ${describe(capacity)}`,
      );
    }
    this.grow(capacity);
  }

  /** How many numbers there are, taken or not. O(1). */
  get capacity(): number {
    return this.size;
  }

  /** How many are taken. O(1). */
  get count(): number {
    return this.liveIds;
  }

  /** The highest number that is taken, -1 when none is. O(1). */
  get highest(): number {
    return this.highestId;
  }

  /** Takes the lowest free number. O(log capacity). @returns it, or -1 when all are taken */
  take(): number {
    const { levels } = this;
    let index = 0;
    for (let level = levels.length - 1; level >= 0; level--) {
      const word = levels[level]![index] as number;
      if (word === 0) return -1;
      index = index * 32 + 31 - Math.clz32(word & -word);
    }
    const id = index;
    // A word without free numbers leaves the level above.
    for (const words of levels) {
      const word = (words[index >>> 5] as number) & ~(1 << index);
      words[index >>> 5] = word;
      if (word !== 0) break;
      index >>>= 5;
    }
    this.liveIds++;
    if (id > this.highestId) this.highestId = id;
    return id;
  }

  /**
   * Makes a number free. O(log capacity); O(1) amortized for finding the highest one left.
   * @throws ERR_MORPH_DOUBLE_FREE when it is not taken, ERR_MORPH_INVALID_POINTER when there is no such number; then nothing has changed
   */
  give(id: number): void {
    if (!Number.isInteger(id) || id < 0 || id >= this.size) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `id: expected an integer from 0 to ${this.size - 1}, got ${describe(id)}`,
      );
    }
    if (!this.owns(id)) throw new MorphError("ERR_MORPH_DOUBLE_FREE", `${id} is free already`);
    this.setFree(id);
    this.liveIds--;
    if (id === this.highestId) this.highestId = this.highestTaken(id);
  }

  /** Whether a number is taken. O(1). */
  owns(id: number): boolean {
    if (!Number.isInteger(id) || id < 0 || id >= this.size) return false;
    return (((this.levels[0]![id >>> 5] as number) >>> id) & 1) === 0;
  }

  /** Makes more numbers. O(capacity). @throws ERR_MORPH_INVALID_SIZE when there are more already, or it is above 2^31 */
  grow(capacity: number): void {
    if (!Number.isInteger(capacity) || capacity < this.size || capacity > MAX_CAPACITY) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `capacity: expected an integer from ${this.size} to 2^31, got ${describe(capacity)}`,
      );
    }
    const old = this.levels[0] ?? new Int32Array(0);
    const levels: Int32Array[] = [];
    for (let words = Math.ceil(capacity / 32); ; words = Math.ceil(words / 32)) {
      levels.push(new Int32Array(Math.max(words, 1)));
      if (words <= 1) break;
    }
    const [bits] = levels as [Int32Array];
    bits.set(old);
    for (let id = this.size; id < capacity; id++) {
      // Whole words at once.
      if ((id & 31) === 0 && id + 32 <= capacity) {
        bits[id >>> 5] = -1;
        id += 31;
      } else bits[id >>> 5] = (bits[id >>> 5] as number) | (1 << id);
    }
    for (let level = 1; level < levels.length; level++) {
      const above = levels[level]!;
      levels[level - 1]!.forEach((word, index) => {
        if (word !== 0) above[index >>> 5] = (above[index >>> 5] as number) | (1 << index);
      });
    }
    this.levels = levels;
    this.size = capacity;
  }

  private setFree(id: number): void {
    let index = id;
    for (const words of this.levels) {
      const word = words[index >>> 5] as number;
      words[index >>> 5] = word | (1 << index);
      // The level above knows already that there is one.
      if (word !== 0) break;
      index >>>= 5;
    }
  }

  /** The highest number below `id` that is taken. */
  private highestTaken(id: number): number {
    const bits = this.levels[0]!;
    let taken = ~(bits[id >>> 5] as number) & ((1 << id) - 1);
    for (let word = id >>> 5; ; word--) {
      if (taken !== 0) return word * 32 + 31 - Math.clz32(taken);
      if (word === 0) return -1;
      taken = ~(bits[word - 1] as number);
    }
  }
}
