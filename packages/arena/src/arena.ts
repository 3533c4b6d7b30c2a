import {
  type AddressSpace,
  describe,
  joinMemory,
  LinearMemory,
  MorphError,
  PAGE_BYTES,
  requireOptions,
} from "@morph/memory";

/** The memory contract this package was written against; see CONTRACT_VERSION of `@morph/memory`. */
const CONTRACT = 1;

const DEFAULT_BLOCK_BYTES = 2 * 1024 * 1024;
const MAX_BLOCK_BYTES = 1024 * 1024 * 1024;

/** How to make an {@link Arena}. */
export interface ArenaOptions {
  /** The memory to take blocks from. Default: a new one of its own. */
  memory?: AddressSpace;
  /**
   * Bytes of the largest regular block: whole pages, 64 KiB to 1 GiB. Default 2 MiB. The first block is one page, each
   * next is twice as large until this size is reached.
   */
  blockBytes?: number;
  /** Continue the arena that another thread registered under this id; its state comes with {@link Arena.loadState}. */
  owner?: number;
}

/** Bytes that {@link Arena.saveState} writes. */
export const ARENA_STATE_BYTES = 40;

/** Bytes of a block in the list that {@link Arena.saveState} keeps beside them. */
const BLOCK_RECORD_BYTES = 12;

/** A place in an arena to return to; only {@link Arena.mark} makes them. */
export interface ArenaMark {
  /** The pointer up to which the arena was filled. */
  readonly pointer: number;
}

/** What an arena holds now; plain numbers. */
export interface ArenaStats {
  /** Blocks taken from the memory, and their bytes. */
  blocks: number;
  bytes: number;
  /** Bytes handed out and not taken back, the gaps that alignment left among them included. */
  used: number;
  /** `bytes - used`: room in the current and in spare blocks, and what was too small at the end of full ones. */
  free: number;
}

/** A run of pages that the arena fills from its start. */
interface Block {
  readonly pointer: number;
  readonly pages: number;
  /** How far it is filled; of the current block only when it is no longer current. */
  filled: number;
  /** Whether what is not handed out yet holds zeros: nobody had these pages before, and nothing of them was dropped. */
  fresh: boolean;
}

interface Mark extends ArenaMark {
  /** Blocks in use, the current one and the room in it when the mark was made. */
  readonly depth: number;
  readonly block: Block | undefined;
  readonly left: number;
}

/**
 * Bump allocation: a pointer moves through a block, and everything is freed at once. Blocks are kept over `reset` and
 * `rewind` and used again, first used first.
 */
export class Arena {
  /** Where the blocks lie. */
  readonly memory: AddressSpace;

  // Pointers are kept signed: they stay small integers above 2 GiB too.
  private cursor = 0;
  /** Bytes from the cursor to the end of the current block. */
  private left = 0;

  private current: Block | undefined = undefined;
  /** Blocks that hold objects, in the order in which they got their first. */
  private readonly inUse: Block[] = [];
  /** Blocks that hold none, the next to use last. */
  private readonly spare: Block[] = [];
  /** Marks that can be rewound to, oldest first. */
  private readonly marks: Mark[] = [];
  /** What there was before the latest block was put in use, as long as nothing else changed. */
  private latestBlock: { before: Block | undefined; left: number; leftNow: number; isNew: boolean } | undefined =
    undefined;
  private nextPages = 1;
  private readonly blockPages: number;
  /** The id under which the memory knows this arena's pages. */
  readonly owner: number;
  private destroyed = false;

  // For saveState and loadState only.
  /** Counts changes of the block lists; what another thread saved under the same number is known already. */
  private version = 0;
  private savedVersion = -1;
  /** The side table that holds the saved block lists. */
  private listPointer = 0;
  private listBytes = 0;
  /** Blocks that the list has room for: an arena whose state is saved never has more. */
  private maxBlocks = Number.MAX_SAFE_INTEGER;

  /**
   * Takes no block before the first `alloc`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract
   */
  constructor(options: ArenaOptions = {}) {
    requireOptions(options);
    const { memory = new LinearMemory(), blockBytes = DEFAULT_BLOCK_BYTES } = options;
    const inRange = Number.isInteger(blockBytes) && blockBytes >= PAGE_BYTES && blockBytes <= MAX_BLOCK_BYTES;
    if (!inRange || blockBytes % PAGE_BYTES !== 0) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `blockBytes: expected a multiple of ${PAGE_BYTES} up to ${MAX_BLOCK_BYTES}, got ${describe(blockBytes)}`,
      );
    }
    this.blockPages = blockBytes / PAGE_BYTES;
    this.memory = memory;
    // The arena itself never reads or writes its blocks, so growth does not concern it.
    const asOwner = { name: "arena", contractVersion: CONTRACT, viewsChanged: () => {} };
    this.owner = joinMemory(memory, asOwner, options.owner);
  }

  /**
   * Hands out `size` bytes; they hold whatever they held. O(1), but for a new block now and then.
   * @param size bytes, from 1
   * @param align the pointer is a multiple of it: a power of two, 1 to 65,536
   * @returns the pointer
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_INVALID_ALIGNMENT, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED
   */
  alloc(size: number, align = 8): number {
    if (typeof size !== "number") return this.allocAligned(size, align);
    // `>>> 0` also where a slow path answers: otherwise V8 wraps both results up to merge them.
    // Rounding up here keeps the cursor aligned, so that the next pointer does not wait for a gap to be computed.
    const bytes = (size + 7) & -8;
    const cursor = this.cursor;
    const left = this.left;
    // One unsigned comparison for three: 0, negative sizes and those that do not fit.
    if (align !== 8 || (cursor & 7) !== 0 || (size | 0) !== size || (bytes - 1) >>> 0 >= left) {
      return this.allocAligned(size, align) >>> 0;
    }
    this.cursor = (cursor + bytes) | 0;
    this.left = left - bytes;
    return cursor >>> 0;
  }

  /**
   * The same, with all bytes 0. O(size), but O(1) in pages that nobody had before: those hold zeros already.
   * @throws as {@link alloc}
   */
  allocZeroed(size: number, align = 8): number {
    const pointer = this.alloc(size, align);
    const block = this.inUse.findLast((each) => each.pointer <= pointer && pointer < endOf(each));
    if (block?.fresh !== true) this.memory.u8.fill(0, pointer, pointer + size);
    return pointer;
  }

  /**
   * Takes back the latest allocation: with the block that was taken for it, if one was. For those who find that they cannot use
   * it. O(1).
   * @param pointer as `alloc` returned it, with the default alignment
   * @param size as it was asked for
   * @throws ERR_MORPH_INVALID_POINTER when it is not the latest
   */
  retract(pointer: number, size: number): void {
    this.requireAlive();
    const bytes = Math.ceil(size / 8) * 8;
    const latest = this.latestBlock;
    const block = this.inUse.at(-1);
    if (latest !== undefined && block?.pointer === pointer && latest.leftNow === this.left) {
      this.latestBlock = undefined;
      if (latest.isNew) {
        this.inUse.pop();
        this.memory.release(block.pointer, block.pages);
      } else this.dropBlocks(this.inUse.length - 1);
      this.fill(latest.before, latest.left);
    } else if (this.cursor === ((pointer + bytes) | 0) && this.current !== undefined) {
      this.current.fresh = false;
      this.cursor = pointer | 0;
      this.left += bytes;
    } else {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", `expected the latest allocation, got ${describe(pointer)}`);
    }
  }

  /** Remembers this point, to free everything allocated after it with {@link rewind}. O(1). */
  mark(): ArenaMark {
    this.requireAlive();
    const { current: block, left } = this;
    const depth = this.inUse.length;
    const last = this.marks.at(-1);
    if (last !== undefined && last.depth === depth && last.block === block && last.left === left) return last;
    const mark: Mark = { pointer: this.cursor >>> 0, depth, block, left };
    this.marks.push(mark);
    return mark;
  }

  /**
   * Frees everything allocated since `mark` was made; the mark stays good, those made after it do not.
   * O(marks and blocks dropped).
   * @throws ERR_MORPH_INVALID_MARK when the mark is of another arena, or was dropped by an earlier rewind or reset
   */
  rewind(mark: ArenaMark): void {
    this.requireAlive();
    const index = this.marks.lastIndexOf(mark as Mark);
    if (index < 0) {
      throw new MorphError(
        "ERR_MORPH_INVALID_MARK",
        `expected a mark of this arena that no rewind or reset has dropped, got ${describe(mark)}`,
      );
    }
    const { depth, block, left } = this.marks[index]!;
    this.marks.length = index + 1;
    this.dropBlocks(depth);
    if (block !== undefined) block.fresh = false;
    this.fill(block, left);
  }

  /** Frees every object and drops every mark; the blocks stay for what comes next. O(blocks). */
  reset(): void {
    this.requireAlive();
    this.marks.length = 0;
    this.dropBlocks(0);
    this.fill(undefined, 0);
  }

  /** What the arena holds. O(blocks). */
  stats(): ArenaStats {
    let used = 0;
    let bytes = 0;
    for (const block of this.inUse) {
      bytes += bytesOf(block);
      used += block === this.current ? bytesOf(block) - this.left : block.filled;
    }
    for (const block of this.spare) bytes += bytesOf(block);
    return { blocks: this.inUse.length + this.spare.length, bytes, used, free: bytes - used };
  }

  /**
   * Walks all blocks. O(pages).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address
   */
  verify(): void {
    this.requireAlive();
    const blocks = [...this.inUse, ...this.spare].sort((a, b) => a.pointer - b.pointer);
    let end = 0;
    for (const block of blocks) {
      if (block.pointer < end) throw broken(`the block at ${block.pointer} overlaps the one before it`);
      end = endOf(block);
      for (let page = block.pointer; page < end; page += PAGE_BYTES) {
        if (this.memory.ownerOf(page) !== this.owner) throw broken(`the page at ${page} is not the arena's`);
      }
    }
    const { current, cursor, left } = this;
    if (current === undefined ? left !== 0 : cursor !== ((endOf(current) - left) | 0)) {
      throw broken(`the cursor ${cursor >>> 0} and the ${left} bytes left do not meet the block's end`);
    }
  }

  /** Returns all blocks to the memory; the memory itself stays. The arena refuses every use from then on. */
  destroy(): void {
    if (this.destroyed) return;
    this.reset();
    this.spare.length = 0;
    this.destroyed = true;
    this.memory.unregister(this.owner);
    if (this.listBytes > 0) this.memory.releaseTable(this.listPointer, this.listBytes);
  }

  /**
   * Writes what this object knows into {@link ARENA_STATE_BYTES} bytes of the memory, so that the same arena in another thread
   * can go on from there; marks are not part of it. The caller sees to it that one thread at a time uses the arena.
   * O(1), O(blocks) when a block was added.
   * @throws ERR_MORPH_OUT_OF_MEMORY the first time, when there is no room for the list of blocks
   */
  saveState(pointer: number): void {
    if (this.version !== this.savedVersion) this.saveBlocks();
    const { i32 } = this.memory;
    const at = pointer / 4;
    i32[at] = this.cursor;
    i32[at + 1] = this.left;
    i32[at + 2] = this.nextPages;
    i32[at + 3] = this.version;
    i32[at + 4] = this.inUse.length;
    i32[at + 5] = this.spare.length;
    i32[at + 6] = this.current === undefined ? -1 : this.inUse.indexOf(this.current);
    i32[at + 7] = this.listPointer;
    i32[at + 8] = this.listBytes;
    i32[at + 9] = this.maxBlocks;
  }

  /** Takes over what {@link saveState} wrote there, in whichever thread. O(1), O(blocks) when they changed. */
  loadState(pointer: number): void {
    const { i32 } = this.memory;
    const at = pointer / 4;
    this.cursor = i32[at] as number;
    this.left = (i32[at + 1] as number) >>> 0;
    if (i32[at + 3] === this.savedVersion) return;
    this.nextPages = i32[at + 2] as number;
    this.version = this.savedVersion = i32[at + 3] as number;
    this.listPointer = (i32[at + 7] as number) >>> 0;
    this.listBytes = i32[at + 8] as number;
    this.maxBlocks = i32[at + 9] as number;
    this.marks.length = 0;
    const inUse = i32[at + 4] as number;
    this.inUse.length = this.spare.length = 0;
    for (let i = 0; i < inUse + (i32[at + 5] as number); i++) {
      const record = (this.listPointer + i * BLOCK_RECORD_BYTES) / 4;
      const block = {
        pointer: (i32[record] as number) >>> 0,
        pages: i32[record + 1] as number,
        filled: (i32[record + 2] as number) >>> 0,
        fresh: false,
      };
      (i < inUse ? this.inUse : this.spare).push(block);
    }
    this.current = this.inUse[i32[at + 6] as number];
  }

  private saveBlocks(): void {
    const count = this.inUse.length + this.spare.length;
    // Room for one more than there are, so that saving never fails: see `maxBlocks`.
    const bytes = (count + 1) * BLOCK_RECORD_BYTES;
    if (bytes > this.listBytes) this.growList(bytes, count);
    const { i32 } = this.memory;
    let record = this.listPointer / 4;
    for (const list of [this.inUse, this.spare]) {
      for (const block of list) {
        i32[record] = block.pointer;
        i32[record + 1] = block.pages;
        i32[record + 2] = block.filled;
        record += BLOCK_RECORD_BYTES / 4;
      }
    }
    this.savedVersion = this.version;
  }

  private growList(bytes: number, count: number): void {
    let pointer: number;
    try {
      pointer = this.memory.acquireTable(bytes);
    } catch (error) {
      // The list still holds all there are; it just cannot hold one more.
      if (count * BLOCK_RECORD_BYTES <= this.listBytes) return;
      throw error;
    }
    if (this.listBytes > 0) this.memory.releaseTable(this.listPointer, this.listBytes);
    this.listPointer = pointer;
    this.listBytes = this.memory.tableBytes(bytes);
    this.maxBlocks = Math.floor(this.listBytes / BLOCK_RECORD_BYTES);
  }

  /** `using arena = new Arena()` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  private requireAlive(): void {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the arena was destroyed");
  }

  /** Any alignment; those below 8 pack densely. */
  private allocAligned(size: number, align: number): number {
    this.requireAlive();
    if (!Number.isInteger(size) || size < 1 || size > 2 ** 32) {
      throw new MorphError("ERR_MORPH_INVALID_SIZE", `size: expected an integer from 1 to 2^32, got ${describe(size)}`);
    }
    if (!Number.isInteger(align) || align < 1 || align > PAGE_BYTES || (align & (align - 1)) !== 0) {
      throw new MorphError(
        "ERR_MORPH_INVALID_ALIGNMENT",
        `align: expected a power of two from 1 to ${PAGE_BYTES}, got ${describe(align)}`,
      );
    }
    const bytes = align < 8 ? size : Math.ceil(size / 8) * 8;
    const pad = (align - this.cursor) & (align - 1);
    if (pad + bytes > this.left) return this.allocInNextBlock(bytes);
    const pointer = (this.cursor + pad) | 0;
    this.cursor = (pointer + bytes) | 0;
    this.left -= pad + bytes;
    return pointer >>> 0;
  }

  private allocInNextBlock(size: number): number {
    // Blocks start at a page, so that no alignment needs room in front.
    const pages = Math.ceil(size / PAGE_BYTES);
    const spare = this.spare.findLastIndex((block) => block.pages >= pages);
    const block = spare >= 0 ? this.spare.splice(spare, 1)[0]! : this.newBlock(pages);
    this.inUse.push(block);
    const latest = { before: this.current, left: this.left, leftNow: 0, isNew: spare < 0 };
    const left = bytesOf(block) - size;
    // Of this block and the current one, the one with more room is filled on: a large request does not waste a block.
    if (this.current !== undefined && this.left >= left) {
      block.filled = size;
      this.version++;
    } else {
      if (this.current !== undefined) this.current.filled = bytesOf(this.current) - this.left;
      this.fill(block, left);
    }
    latest.leftNow = this.left;
    this.latestBlock = latest;
    return block.pointer;
  }

  /** Bumps from now on through the last `left` bytes of `block`. */
  private fill(block: Block | undefined, left: number): void {
    this.version++;
    this.latestBlock = undefined;
    this.current = block;
    this.left = left;
    this.cursor = block === undefined ? 0 : (endOf(block) - left) | 0;
  }

  /** A block of at least `pages` pages. */
  private newBlock(pages: number): Block {
    if (pages > this.nextPages) return this.acquireBlock(pages);
    try {
      const block = this.acquireBlock(this.nextPages);
      this.nextPages = Math.min(this.nextPages * 2, this.blockPages);
      return block;
    } catch (error) {
      // Near the memory's end a block just large enough may still fit.
      if ((error as MorphError).code !== "ERR_MORPH_OUT_OF_MEMORY" || pages === this.nextPages) throw error;
      return this.acquireBlock(pages);
    }
  }

  private acquireBlock(pages: number): Block {
    if (this.inUse.length + this.spare.length >= this.maxBlocks) {
      throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", `no room to remember more than ${this.maxBlocks} blocks`);
    }

    const pointer = this.memory.acquire(pages, this.owner);
    // A growth listener may have destroyed the arena, and with it this block.
    this.requireAlive();
    return { pointer, pages, filled: 0, fresh: pointer >= this.memory.zeroedFrom };
  }

  /** Makes the blocks in use beyond the first `depth` spare, so that the first used is the next used. */
  private dropBlocks(depth: number): void {
    while (this.inUse.length > depth) {
      const block = this.inUse.pop()!;
      block.fresh = false;
      this.spare.push(block);
    }
  }
}

function bytesOf(block: Block): number {
  return block.pages * PAGE_BYTES;
}

function endOf(block: Block): number {
  return block.pointer + bytesOf(block);
}

function broken(what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the arena is broken: ${what}`);
}
