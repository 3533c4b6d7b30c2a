const FIRST_SLOTS = 2 ** 10;
/** Knuth's multiplicative hash: 2^32 over the golden ratio. */
const GOLDEN = 0x9e3779b9;
const HIGH_WORD = 2 ** 32;

/** An object that is live. */
export interface LiveObject {
  readonly id: number;
  readonly size: number;
}

/**
 * The objects that a recorded program holds, by pointer: a hash table with linear probing, at most half full. It lies in typed arrays,
 * because a `Map` holds at most 16.7 million entries and keeps them in V8's own heap. Every operation is O(1) expected.
 */
export class LiveObjects {
  /** 0 where the slot is free. */
  #pointers: Float64Array = new Float64Array(FIRST_SLOTS);
  #ids: Uint32Array = new Uint32Array(FIRST_SLOTS);
  #sizes: Float64Array = new Float64Array(FIRST_SLOTS);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Replaces what was known of that pointer. */
  set(pointer: number, id: number, size: number): void {
    if (this.#count * 2 >= this.#pointers.length) this.#double();
    const slot = this.#slotOf(pointer);
    if (this.#pointers[slot] === 0) this.#count++;
    this.#put(slot, pointer, id, size);
  }

  /** Takes the object out; undefined when there is none. */
  take(pointer: number): LiveObject | undefined {
    const slot = this.#slotOf(pointer);
    if (this.#pointers[slot] === 0) return undefined;
    const object = { id: this.#ids[slot]!, size: this.#sizes[slot]! };
    this.#count--;
    this.#close(slot);
    return object;
  }

  #put(slot: number, pointer: number, id: number, size: number): void {
    this.#pointers[slot] = pointer;
    this.#ids[slot] = id;
    this.#sizes[slot] = size;
  }

  /** Where a pointer's search starts. malloc's pointers are multiples of 16. */
  #home(pointer: number): number {
    const mixed = Math.imul(((pointer % HIGH_WORD) >>> 4) ^ (pointer / HIGH_WORD), GOLDEN);
    return (mixed ^ (mixed >>> 15)) & (this.#pointers.length - 1);
  }

  /** The pointer's slot, or the free one where it would go. */
  #slotOf(pointer: number): number {
    const mask = this.#pointers.length - 1;
    let slot = this.#home(pointer);
    while (this.#pointers[slot] !== pointer && this.#pointers[slot] !== 0) slot = (slot + 1) & mask;
    return slot;
  }

  /** Frees a slot, and moves back what was put behind it for want of it (Knuth, volume 3, 6.4, algorithm R). */
  #close(free: number): void {
    const mask = this.#pointers.length - 1;
    let hole = free;
    for (let slot = (hole + 1) & mask; this.#pointers[slot] !== 0; slot = (slot + 1) & mask) {
      const pointer = this.#pointers[slot]!;
      if (((slot - this.#home(pointer)) & mask) < ((slot - hole) & mask)) continue;
      this.#put(hole, pointer, this.#ids[slot]!, this.#sizes[slot]!);
      hole = slot;
    }
    this.#pointers[hole] = 0;
  }

  #double(): void {
    const [pointers, ids, sizes] = [this.#pointers, this.#ids, this.#sizes];
    this.#pointers = new Float64Array(pointers.length * 2);
    this.#ids = new Uint32Array(ids.length * 2);
    this.#sizes = new Float64Array(sizes.length * 2);
    for (let i = 0; i < pointers.length; i++) {
      const pointer = pointers[i]!;
      if (pointer !== 0) this.#put(this.#slotOf(pointer), pointer, ids[i]!, sizes[i]!);
    }
  }
}
