import { expect } from "./kit.mjs";

/** A plain model of what an allocator has handed out: bytes that overlap, or that it lost, show as a pattern that changed. */
export class Objects {
  constructor(memory) {
    this.memory = memory;
    this.list = [];
    this.made = 0;
  }

  get count() {
    return this.list.length;
  }

  /** Bytes that were asked for. */
  get bytes() {
    return this.list.reduce((sum, { size }) => sum + size, 0);
  }

  add(pointer, size, align = 8) {
    expect(Number.isInteger(pointer) && pointer > 0 && pointer % align === 0, `${pointer} is no multiple of ${align}`);
    const pattern = 1 + (this.made++ % 255);
    this.memory.u8.fill(pattern, pointer, pointer + size);
    this.list.push({ pointer, size, pattern });
  }

  /** Checks one and forgets it. */
  take(index) {
    const object = this.list[index];
    this.look(object);
    this.list[index] = this.list.at(-1);
    this.list.pop();
    return object;
  }

  /** Forgets all but the first so many. */
  keep(count) {
    this.list.length = count;
  }

  look({ pointer, size, pattern }) {
    const { u8 } = this.memory;
    for (let i = pointer; i < pointer + size; i++) if (u8[i] !== pattern) throw new Error(`the byte at ${i} changed`);
  }

  check() {
    for (const object of this.list) this.look(object);
  }
}

/** A size as programs ask for them: mostly small. */
export function someSize(next, largest) {
  const kind = next(100);
  const most = kind < 70 ? 128 : kind < 95 ? 1100 : kind < 99 ? 9000 : 200_000;
  return 1 + next(Math.min(most, largest));
}
