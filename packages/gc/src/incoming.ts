/*
 * Which words lead to the blocks that are to be emptied: found while a major collection marks, so that objects can move a few at a time, and only those words are
 * looked at. The words of a block stand in chunks of a table that is there as long as they are needed; `TOP` of the block's record is where the next one goes.
 *
 *   chunk, 16 words   | word index of the chunk before, or 0 | word index of a word | ... |
 */
import { EMPTIED, FLAGS, LANE, SPARSE, TOP, WORD_SHIFT } from "./layout.ts";
import type { Space } from "./space.ts";

const CHUNK_WORDS = 16;
const CHUNK_MASK = CHUNK_WORDS - 1;
/** A block that more words lead to than so many chunks hold is not emptied: an object in it is everybody's. */
const MOST_CHUNKS = 32;
/** Chunks for so many objects that move: two words for each. */
const CHUNK_OBJECTS = 7;

/** Words that lead to blocks with `SPARSE`. */
export class Incoming {
  /** Whether words are noted. */
  noting = false;
  /** Pointer of the table; word indexes of the next chunk and of the end. */
  private table = 0;
  private next = 0;
  private end = 0;
  private readonly space: Space;

  constructor(space: Space) {
    this.space = space;
  }

  /** Takes the table; false where there is no room. O(bytes). @param blocks so many are to be emptied @param objects so many are to move */
  begin(blocks: number, objects: number): boolean {
    const chunks = blocks + Math.ceil(objects / CHUNK_OBJECTS);
    // One chunk more, because they are aligned to their size.
    const bytes = ((chunks + 1) * CHUNK_WORDS) << WORD_SHIFT;
    this.table = this.space.takeTable(bytes);
    if (this.table === 0) return false;
    this.next = ((this.table >>> WORD_SHIFT) + CHUNK_MASK) & ~CHUNK_MASK;
    this.end = this.next + chunks * CHUNK_WORDS;
    this.noting = true;
    return true;
  }

  /** Gives the table back. */
  finish(): void {
    this.noting = false;
    this.space.dropTable(this.table);
  }

  /** Notes a word of an old object, when what it leads, or will lead, to is to move. O(1). */
  note(word: number, value: number): void {
    const { i32 } = this.space;
    const record = this.space.recordOf(value);
    if (record === 0 || ((i32[record + FLAGS] as number) & (SPARSE | EMPTIED)) !== SPARSE) return;
    let at = i32[record + TOP] as number;
    if ((at & CHUNK_MASK) === 0) at = this.openChunk(record, at);
    if (at === 0) return;
    i32[at] = word;
    i32[record + TOP] = at + 1;
  }

  /** The next chunk of a block: word index of its first word, or 0, and the block is not emptied, when it has had too many, or there is none. */
  private openChunk(record: number, end: number): number {
    const { i32 } = this.space;
    const count = i32[record + LANE] as number;
    if (count === MOST_CHUNKS || this.next === this.end) {
      this.spare(record);
      return 0;
    }
    i32[record + LANE] = count + 1;
    const chunk = this.next;
    this.next += CHUNK_WORDS;
    i32[chunk] = end === 0 ? 0 : end - CHUNK_WORDS;
    return chunk + 1;
  }

  /** Lets a block be as it is. */
  spare(record: number): void {
    const { i32 } = this.space;
    i32[record + FLAGS] = (i32[record + FLAGS] as number) & ~SPARSE;
    i32[record + TOP] = 0;
    i32[record + LANE] = 0;
  }

  /** Calls `visit` with each word that was noted for a block, with some twice. What stands there may be something else by now. O(words). */
  each(record: number, visit: (word: number) => void): void {
    const { i32 } = this.space;
    let end = i32[record + TOP] as number;
    for (let chunk = end === 0 ? 0 : (end - 1) & ~CHUNK_MASK; chunk !== 0; chunk = i32[chunk] as number) {
      for (let at = chunk + 1; at < end; at++) visit(i32[at] as number);
      end = (i32[chunk] as number) + CHUNK_WORDS;
    }
  }
}
