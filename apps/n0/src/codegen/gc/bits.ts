/** A set of small numbers. */
export class Bits {
  private readonly words: Uint32Array;

  constructor(size: number) {
    this.words = new Uint32Array((size + 31) >>> 5);
  }

  copy(): Bits {
    const copy = new Bits(this.words.length * 32);
    copy.words.set(this.words);
    return copy;
  }

  has(i: number): boolean {
    return (this.words[i >>> 5]! & (1 << (i & 31))) !== 0;
  }

  add(i: number): void {
    this.words[i >>> 5]! |= 1 << (i & 31);
  }

  delete(i: number): void {
    this.words[i >>> 5]! &= ~(1 << (i & 31));
  }

  clear(): void {
    this.words.fill(0);
  }

  set(other: Bits): void {
    this.words.set(other.words);
  }

  /** Adds what the other has. @returns whether that was something new */
  addAll(other: Bits): boolean {
    const { words } = this;
    let isNew = false;
    for (let i = 0; i < words.length; i++) {
      const both = (words[i]! | other.words[i]!) >>> 0;
      isNew ||= both !== words[i];
      words[i] = both;
    }
    return isNew;
  }

  /** The numbers, in their order. */
  *[Symbol.iterator](): Generator<number> {
    for (let i = 0; i < this.words.length; i++) {
      for (let rest = this.words[i]!; rest !== 0; rest &= rest - 1) yield i * 32 + 31 - Math.clz32(rest & -rest);
    }
  }
}
