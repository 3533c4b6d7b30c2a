import { type AddressSpace, MorphError, PAGE_BYTES } from "@morph/memory";
import { type Block, broken, bytesOf, endOf } from "./block.ts";
import { BlockList } from "./block-list.ts";
import {
  SAVED_CURRENT,
  SAVED_IN_USE,
  SAVED_LIST_BYTES,
  SAVED_LIST_POINTER,
  SAVED_NEXT_PAGES,
  SAVED_SPARE,
  SAVED_VERSION,
} from "./layout.ts";

/** The blocks of an arena: taken from the memory, kept when they hold nothing, released, and saved for other threads. */
export class Blocks {
  /** Those that hold objects, in the order in which they got their first. */
  readonly inUse: Block[] = [];
  /** Those that hold none, the next to use last. */
  readonly spare: Block[] = [];
  /** Counts changes. A saved state with the same number tells nothing new. */
  version = 0;
  private savedVersion = -1;
  /** Pages of the next block, unless an object needs more; and the most. */
  private nextPages = 1;
  private readonly mostPages: number;
  private readonly memory: AddressSpace;
  /** The id under which the memory knows the arena; it comes last, so that nothing can fail once there is one. */
  owner = 0;
  /** The blocks in the memory; an arena whose state is saved always has room for one more there. */
  private readonly saved: BlockList;

  constructor(memory: AddressSpace, mostPages: number) {
    this.memory = memory;
    this.mostPages = mostPages;
    this.saved = new BlockList(memory);
  }

  /** Bytes of the table that the saved blocks are in. */
  get tableBytes(): number {
    return this.saved.bytes;
  }

  /** Pages of the block that {@link take} takes for an object of so many. */
  pagesFor(pages: number): number {
    return Math.max(pages, this.nextPages);
  }

  /** A new block of at least `pages` pages, or none. */
  take(pages: number): Block | undefined {
    if (!this.reserveRecord()) return undefined;
    const { memory, owner } = this;
    const wanted = this.pagesFor(pages);
    let got = wanted;
    let pointer = memory.tryAcquire(got, owner);
    if (pointer === 0 && pages < wanted) {
      // Near the memory's end a block just large enough may still fit.
      got = pages;
      pointer = memory.tryAcquire(got, owner);
    }
    if (pointer === 0) return undefined;
    this.growNext();
    return { pointer, pages: got, filled: 0, zeroedFrom: memory.zeroedFrom };
  }

  /** Makes a block so many pages longer in place. @returns whether it could */
  extend(block: Block, pages: number): boolean {
    const { memory } = this;
    if (!memory.tryExtend(block.pointer, block.pages, pages)) return false;
    // Zeros that follow others are one stretch of them.
    if (block.zeroedFrom === endOf(block) || memory.zeroedFrom > endOf(block)) block.zeroedFrom = memory.zeroedFrom;
    block.pages += pages;
    this.version++;
    this.growNext();
    return true;
  }

  /** A spare block of at least so many pages, which is in use from now on; none where there is none. */
  takeSpare(pages: number): Block | undefined {
    const fitting = this.spare.findLastIndex((block) => block.pages >= pages);
    return fitting < 0 ? undefined : this.spare.splice(fitting, 1)[0];
  }

  /** Returns spare blocks to the memory. @returns their bytes */
  releaseSpare(): number {
    let bytes = 0;
    for (let block = this.spare.at(-1); block !== undefined; block = this.spare.at(-1)) {
      this.memory.release(block.pointer, block.pages);
      this.spare.pop();
      this.version++;
      bytes += bytesOf(block);
    }
    // The next blocks are as large as if the arena had just grown to what is left.
    if (bytes > 0) {
      const pagesInUse = this.inUse.reduce((pages, block) => pages + block.pages, 0);
      this.nextPages = Math.min(pagesInUse + 1, this.mostPages);
    }
    return bytes;
  }

  /** Returns the whole pages behind the first `filled` bytes of a block to the memory. @returns their bytes */
  releaseTail(block: Block, filled: number): number {
    const pages = Math.max(1, Math.ceil(filled / PAGE_BYTES));
    const free = block.pages - pages;
    if (free === 0) return 0;
    this.memory.release(block.pointer + pages * PAGE_BYTES, free);
    block.pages = pages;
    block.zeroedFrom = Math.min(block.zeroedFrom, endOf(block));
    this.version++;
    return free * PAGE_BYTES;
  }

  /** Forgets all blocks, which the memory has back. */
  drop(isMemoryGone: boolean): void {
    this.inUse.length = this.spare.length = 0;
    this.saved.drop(isMemoryGone);
  }

  /** O(pages). @throws ERR_MORPH_INVALID_POINTER when blocks overlap, or a page is not the arena's */
  verify(): void {
    const blocks = [...this.inUse, ...this.spare].sort((a, b) => a.pointer - b.pointer);
    let end = 0;
    for (const block of blocks) {
      if (block.pointer < end) throw broken(`the block at ${block.pointer} overlaps the one before it`);
      end = endOf(block);
      for (let page = block.pointer; page < end; page += PAGE_BYTES) {
        if (this.memory.ownerOf(page) !== this.owner) throw broken(`the page at ${page} is not the arena's`);
      }
    }
  }

  // --- saved state -------------------------------------------------------------------------------------------------------

  /** Writes the blocks into the state whose word index is `at`. @throws ERR_MORPH_OUT_OF_MEMORY the first time, when there is no room for their list */
  save(at: number, current: Block | undefined): void {
    if (this.version !== this.savedVersion) this.saveList();
    const { i32 } = this.memory;
    i32[at + SAVED_NEXT_PAGES] = this.nextPages;
    i32[at + SAVED_VERSION] = this.version;
    i32[at + SAVED_IN_USE] = this.inUse.length;
    i32[at + SAVED_SPARE] = this.spare.length;
    i32[at + SAVED_CURRENT] = current === undefined ? -1 : this.inUse.indexOf(current);
    i32[at + SAVED_LIST_POINTER] = this.saved.pointer;
    i32[at + SAVED_LIST_BYTES] = this.saved.bytes;
  }

  /** Whether the state at a word index has blocks that are not known here. */
  isNew(at: number): boolean {
    return this.memory.i32[at + SAVED_VERSION] !== this.savedVersion;
  }

  /** Takes over the blocks in the state. @returns the current one */
  load(at: number): Block | undefined {
    const { i32 } = this.memory;
    this.nextPages = i32[at + SAVED_NEXT_PAGES] as number;
    this.version = this.savedVersion = i32[at + SAVED_VERSION] as number;
    this.saved.pointer = (i32[at + SAVED_LIST_POINTER] as number) >>> 0;
    this.saved.bytes = i32[at + SAVED_LIST_BYTES] as number;
    const inUse = i32[at + SAVED_IN_USE] as number;
    const blocks = this.saved.read(inUse + (i32[at + SAVED_SPARE] as number));
    this.spare.length = 0;
    this.spare.push(...blocks.splice(inUse));
    this.inUse.length = 0;
    this.inUse.push(...blocks);
    return this.inUse[i32[at + SAVED_CURRENT] as number];
  }

  private saveList(): void {
    if (!this.growList(this.inUse.length + this.spare.length)) {
      throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", "the memory has no room for the list of the arena's blocks");
    }
    this.saved.write([...this.inUse, ...this.spare]);
    this.savedVersion = this.version;
  }

  /** Makes room in the saved list for a block that will be taken, so that saving never fails. @returns false when there is none */
  private reserveRecord(): boolean {
    return this.saved.bytes === 0 || this.growList(this.inUse.length + this.spare.length + 1);
  }

  /** Makes room for so many blocks in the list. @returns false when there is none; then nothing has changed */
  private growList(blocks: number): boolean {
    const { pointer } = this.saved;
    const fits = this.saved.reserve(blocks);
    if (this.saved.pointer !== pointer) this.version++;
    return fits;
  }

  private growNext(): void {
    this.nextPages = Math.min(this.nextPages * 2, this.mostPages);
  }
}
