import {
  type AddressSpace,
  describe,
  isDestroyed,
  joinMemory,
  LinearMemory,
  MorphError,
  PAGE_BYTES,
  repeatedRefusal,
  requireOptions,
  requireStack,
  requireStatePlace,
  StackGuard,
} from "@morph/memory";
import { type Block, bytesOf, endOf, isWasteful, noteDirty } from "./block.ts";
import { BlockList } from "./block-list.ts";
import {
  GOLDEN,
  LOW_BITS,
  MOST_LEFT,
  MULTIPLE_OF_8,
  ROUND_UP,
  SAVED_CURRENT,
  SAVED_CURSOR,
  SAVED_IN_USE,
  SAVED_LIST_BYTES,
  SAVED_LIST_POINTER,
  SAVED_NEXT_PAGES,
  SAVED_SIGNATURE,
  SAVED_SPARE,
  SAVED_VERSION,
  STATE_BYTES,
} from "./layout.ts";
import { type ArenaMark, Marks, type Position } from "./marks.ts";

/** The memory contract this package was written against; see CONTRACT_VERSION of `@morph/memory`. */
const CONTRACT = 1;

/** Packages below; see `requireStack`. */
const LAYERS = 1;
const goingBack = /* @__PURE__ */ new StackGuard(LAYERS);
const zeroing = /* @__PURE__ */ new StackGuard(LAYERS);

const DEFAULT_BLOCK_BYTES = 2 * 1024 * 1024;
const MAX_BLOCK_BYTES = 1024 * 1024 * 1024;

/** How to make an {@link Arena}. */
export interface ArenaOptions {
  /** The memory to take blocks from. Default: a new one of its own. */
  memory?: AddressSpace;
  /**
   * Bytes by which the arena grows at most, unless an object needs more: whole pages, 64 KiB to 1 GiB. Default 2 MiB. It
   * grows by one page first, and by twice as much each time until this size is reached.
   */
  blockBytes?: number;
  /** Continue the arena that another thread registered under this id; its state comes with {@link Arena.loadState}. */
  owner?: number;
}

/** `allocZeroed` clears so many bytes behind what was handed out before, also where they should be zeros. */
const EDGE_BYTES = 4096;

/** What an arena holds now; plain numbers. */
export interface ArenaStats {
  /** Blocks taken from the memory. */
  blocks: number;
  /** Bytes of pages and tables taken from the memory. */
  footprint: number;
  /** Bytes handed out and not taken back, the gaps that alignment left among them included. */
  used: number;
  /** Bytes of the blocks that are not `used`: what is free in the current and in spare blocks, and what was too small at the end of full ones. */
  free: number;
}

/**
 * Bump allocation: a pointer moves through a block, and everything is freed at once. A block grows in place when another one would be filled
 * badly. Blocks are kept over `reset` and `rewind` and used again, first used first. Kept blocks that are too small for the next object are
 * released.
 */
export class Arena {
  /** Where the blocks lie. */
  readonly memory: AddressSpace;

  // Pointers are kept signed: they stay small integers above 2 GiB too.
  private cursor = 0;
  /** Bytes from the cursor to the end of the current block, or fewer: see {@link MOST_LEFT}; 0 while growth listeners run. */
  private left = 0;

  private current: Block | undefined = undefined;
  /** Blocks that hold objects, in the order in which they got their first. */
  private readonly inUse: Block[] = [];
  /** Blocks that hold none, the next to use last. */
  private readonly spare: Block[] = [];
  private readonly marks: Marks<Block> = new Marks();
  private nextPages = 1;
  private readonly blockPages: number;
  /** The id under which the memory knows this arena's pages. */
  readonly owner: number;
  /** Bytes that {@link saveState} writes. */
  readonly stateBytes: number = STATE_BYTES;
  private destroyed = false;
  /** Whether growth listeners run: they may only look. */
  private suspended = false;

  /** Counts changes of the block lists. A saved state with the same number tells nothing new. */
  private version = 0;
  private savedVersion = -1;
  /** The version in which the last allocation was refused. */
  private refusedVersion = -1;
  /** Bytes that it needed in the current block, and the memory's releases then, where the memory refuses pages for them as well. */
  private refusedBytes = Number.POSITIVE_INFINITY;
  private refusedReleases = -1;
  /** The block lists in the memory; an arena whose state is saved always has room for one more there. */
  private readonly saved: BlockList;

  /**
   * Takes no block before the first `alloc`.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION when `memory` speaks another contract
   */
  constructor(options: ArenaOptions = {}) {
    requireOptions(options, ["memory", "blockBytes", "owner"]);
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
    this.saved = new BlockList(memory);
    const asOwner = {
      name: "arena",
      contractVersion: CONTRACT,
      allocator: this,
      // The arena never keeps a view of its blocks, so growth does not concern it.
      viewsChanged: () => {},
      suspend: (suspended: boolean) => {
        this.suspended = suspended;
        this.left = suspended ? 0 : this.roomFor(MOST_LEFT);
      },
    };
    this.owner = joinMemory(memory, asOwner, options.owner);
  }

  /**
   * Hands out `size` bytes; they hold whatever they held. O(1), but for a new block now and then.
   * @param size bytes, from 1
   * @param align the pointer is a multiple of it: a power of two, 1 to 65,536
   * @returns the pointer
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_INVALID_ALIGNMENT, ERR_MORPH_OUT_OF_MEMORY, ERR_MORPH_DESTROYED, ERR_MORPH_BUSY in a
   *   growth listener
   */
  alloc(size: number, align = 8): number {
    if (typeof size !== "number") return this.allocSlow(size, align);
    // `>>> 0` also where a slow path answers: otherwise V8 wraps both results up to merge them.
    // Rounding up here keeps the cursor aligned, so that the next pointer does not wait for a gap to be computed.
    const bytes = (size + ROUND_UP) & MULTIPLE_OF_8;
    const cursor = this.cursor;
    const left = this.left;
    // One unsigned comparison for three: 0, negative sizes and those that do not fit.
    if (align !== 8 || (cursor & LOW_BITS) !== 0 || (size | 0) !== size || (bytes - 1) >>> 0 >= left) {
      return this.allocSlow(size, align) >>> 0;
    }
    this.cursor = (cursor + bytes) | 0;
    this.left = left - bytes;
    return cursor >>> 0;
  }

  /**
   * Like {@link alloc}, but returns 0 where there is no room, which is quick: no error is made.
   * @throws as {@link alloc}, without ERR_MORPH_OUT_OF_MEMORY
   */
  tryAlloc(size: number, align = 8): number {
    return this.allocAligned(size, align) >>> 0;
  }

  /**
   * Like {@link alloc}, with all bytes 0. O(size), but O(1) in pages that were never handed out: those hold zeros already.
   * @throws as {@link alloc}
   */
  allocZeroed(size: number, align = 8): number {
    zeroing.require(this.left);
    const pointer = this.alloc(size, align);
    const block = this.blockAt(pointer);
    // What lies next to what was handed out before is cleared in any case: to write past an object's end is a common fault.
    const zeroedFrom = Math.max(block?.zeroedFrom ?? 0, pointer) + EDGE_BYTES;
    this.memory.u8.fill(0, pointer, Math.min(zeroedFrom, pointer + size));
    return pointer;
  }

  /** Remembers this point, to free everything allocated after it with {@link rewind}. O(1); the arena does not keep it. */
  mark(): ArenaMark {
    this.requireAlive();
    return this.marks.make(this.position, this.current);
  }

  /**
   * Frees everything allocated since `mark` was made; the mark stays good, those made after it do not. O(blocks dropped).
   * @throws ERR_MORPH_INVALID_MARK when the mark is of another arena, or was dropped by an earlier rewind or reset; ERR_MORPH_DESTROYED,
   *   ERR_MORPH_BUSY in a growth listener
   */
  rewind(mark: ArenaMark): void {
    this.requireIdle();
    goingBack.require(this.left);
    const { depth, pointer, block } = this.marks.require(mark);
    this.goBack({ depth, pointer }, block);
  }

  /**
   * Frees every object and drops every mark; the blocks stay for what comes next. O(blocks).
   * @throws ERR_MORPH_DESTROYED, ERR_MORPH_BUSY in a growth listener
   */
  reset(): void {
    this.requireIdle();
    goingBack.require(this.left);
    this.goBack({ depth: 0, pointer: 0 }, undefined);
    this.marks.dropAll();
  }

  /**
   * Returns the pages in which no object lies to the memory: spare blocks, and what is free at the end of the current one. O(blocks).
   * @returns the bytes returned
   * @throws ERR_MORPH_DESTROYED, ERR_MORPH_BUSY in a growth listener
   */
  trim(): number {
    this.requireIdle();
    requireStack(LAYERS);
    const { current } = this;
    let bytes = this.releaseSpare();
    if (current !== undefined) {
      bytes += this.releaseTail(current, bytesOf(current) - this.roomFor(Number.POSITIVE_INFINITY));
      this.fill(current, this.cursor >>> 0);
    }
    return bytes;
  }

  /** What the arena holds. O(blocks). */
  stats(): ArenaStats {
    let used = 0;
    let bytes = 0;
    for (const block of this.inUse) {
      bytes += bytesOf(block);
      used += block === this.current ? bytesOf(block) - this.roomFor(Number.POSITIVE_INFINITY) : block.filled;
    }
    for (const block of this.spare) bytes += bytesOf(block);
    const blocks = this.inUse.length + this.spare.length;
    return { blocks, footprint: bytes + this.saved.bytes, used, free: bytes - used };
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
    const { current, left } = this;
    const cursor = this.cursor >>> 0;
    const room = this.roomFor(Number.POSITIVE_INFINITY);
    const inside = current === undefined || (room <= bytesOf(current) && (cursor >= current.pointer || room === 0));
    if (left > room || !inside) {
      throw broken(`the cursor ${cursor} with ${left} bytes left does not lie in the current block`);
    }
  }

  /**
   * Returns all blocks to the memory; the memory itself stays. The arena refuses every use from then on. O(pages of the memory).
   * @throws ERR_MORPH_BUSY in a growth listener
   */
  destroy(): void {
    if (this.destroyed) return;
    const isMemoryGone = isDestroyed(this.memory);
    if (!isMemoryGone) {
      this.requireIdle();
      requireStack(LAYERS);
      this.memory.unregister(this.owner);
    }
    this.destroyed = true;
    this.inUse.length = this.spare.length = 0;
    this.fill(undefined, 0);
    this.saved.drop(isMemoryGone);
  }

  /**
   * Writes what this object knows into {@link stateBytes} bytes of the memory, so that the same arena in another thread
   * can go on from there; marks are not part of it. The caller sees to it that one thread at a time uses the arena.
   * O(1), O(blocks) when a block was added.
   * @throws ERR_MORPH_OUT_OF_MEMORY the first time, when there is no room for the list of blocks; ERR_MORPH_INVALID_POINTER when the bytes are
   *   not in the memory, ERR_MORPH_DESTROYED, ERR_MORPH_BUSY in a growth listener
   */
  saveState(pointer: number): void {
    this.requireIdle();
    requireStatePlace(this.memory, pointer, STATE_BYTES);
    requireStack(LAYERS);
    if (this.version !== this.savedVersion) this.saveBlocks();
    const { i32 } = this.memory;
    const at = pointer / 4;
    i32[at + SAVED_CURSOR] = this.cursor;
    i32[at + SAVED_NEXT_PAGES] = this.nextPages;
    i32[at + SAVED_VERSION] = this.version;
    i32[at + SAVED_IN_USE] = this.inUse.length;
    i32[at + SAVED_SPARE] = this.spare.length;
    i32[at + SAVED_CURRENT] = this.current === undefined ? -1 : this.inUse.indexOf(this.current);
    i32[at + SAVED_LIST_POINTER] = this.saved.pointer;
    i32[at + SAVED_LIST_BYTES] = this.saved.bytes;
    i32[at + SAVED_SIGNATURE] = this.stateSignature(pointer);
  }

  /**
   * Takes over what {@link saveState} wrote there, in whichever thread. O(1), O(blocks) when they changed.
   * @throws ERR_MORPH_INVALID_POINTER when that is not this arena's state, ERR_MORPH_DESTROYED, ERR_MORPH_BUSY in a growth listener
   */
  loadState(pointer: number): void {
    this.requireIdle();
    requireStatePlace(this.memory, pointer, STATE_BYTES);
    const { i32 } = this.memory;
    const at = pointer / 4;
    if (i32[at + SAVED_SIGNATURE] !== this.stateSignature(pointer)) {
      throw new MorphError("ERR_MORPH_INVALID_POINTER", `expected the saved state of this arena at ${pointer}`);
    }
    requireStack(LAYERS);
    this.cursor = i32[at + SAVED_CURSOR] as number;
    if (i32[at + SAVED_VERSION] !== this.savedVersion) this.loadBlocks(at);
    this.left = this.roomFor(MOST_LEFT);
  }

  /** `using arena = new Arena()` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  private requireAlive(): void {
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the arena was destroyed");
  }

  /** @throws ERR_MORPH_DESTROYED, ERR_MORPH_BUSY in a growth listener */
  private requireIdle(): void {
    this.requireAlive();
    if (this.suspended) this.memory.refresh();
  }

  // --- the current block -------------------------------------------------------------------------------------------------

  private allocSlow(size: number, align: number): number {
    const wasRefused = this.refusedVersion === this.version;
    const pointer = this.allocAligned(size, align);
    return pointer === 0 ? this.refuse(size, wasRefused) : pointer;
  }

  /** The slow path for any size and alignment. Alignments below 8 pack densely. @returns 0 where there is no room */
  private allocAligned(size: number, align: number): number {
    this.requireIdle();
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
    const pointer = this.bump(pad, bytes);
    // What was refused is refused again without a question for stack, which takes some microseconds.
    if (pointer !== 0 || this.isRefused(bytes)) return pointer;
    const next = this.allocInNextBlock(pad, bytes);
    if (next === 0) this.noteRefused(pad, bytes);
    return next;
  }

  /** Whether so many bytes, or fewer, were refused, and nothing has changed since. O(1). */
  private isRefused(bytes: number): boolean {
    return (
      bytes >= this.refusedBytes &&
      this.refusedVersion === this.version &&
      this.refusedReleases === this.memory.releases
    );
  }

  private noteRefused(pad: number, bytes: number): void {
    // Otherwise the memory may give later what it does not now.
    const isLasting = this.memory.refuses(Math.ceil(bytes / PAGE_BYTES));
    this.refusedBytes = isLasting ? pad + bytes : Number.POSITIVE_INFINITY;
    this.refusedReleases = this.memory.releases;
    this.refusedVersion = this.version;
  }

  /** The next `bytes` of the current block behind `pad` others, or 0 when it does not have them. */
  private bump(pad: number, bytes: number): number {
    const room = this.roomFor(Number.POSITIVE_INFINITY);
    if (pad + bytes > room) return 0;
    const pointer = (this.cursor >>> 0) + pad;
    const left = Math.min(room - pad - bytes, MOST_LEFT);
    this.cursor = (pointer + bytes) | 0;
    this.left = left;
    return pointer;
  }

  /** Bytes from the cursor to the end of the current block, at most so many. */
  private roomFor(most: number): number {
    const { current } = this;
    return current === undefined ? 0 : Math.min((endOf(current) - (this.cursor >>> 0)) >>> 0, most);
  }

  /** Bumps from now on through `block`, from `pointer` on. */
  private fill(block: Block | undefined, pointer: number): void {
    this.version++;
    this.current = block;
    this.cursor = pointer | 0;
    this.left = this.roomFor(MOST_LEFT);
  }

  private refuse(size: number, repeated: boolean): never {
    const message = `no room for ${size} bytes: the memory, ${this.memory.footprint} bytes of it in use, has no run of pages for them`;
    throw repeated
      ? repeatedRefusal("ERR_MORPH_OUT_OF_MEMORY", message)
      : new MorphError("ERR_MORPH_OUT_OF_MEMORY", message);
  }

  /** The block in use in which a pointer lies: mostly the current one. */
  private blockAt(pointer: number): Block | undefined {
    const { current } = this;
    if (current !== undefined && current.pointer <= pointer && pointer < endOf(current)) return current;
    for (let i = this.inUse.length - 1; i >= 0; i--) {
      const block = this.inUse[i] as Block;
      if (block.pointer <= pointer && pointer < endOf(block)) return block;
    }
    return undefined;
  }

  // --- blocks ------------------------------------------------------------------------------------------------------------

  /** The pointer of `bytes` in another block, or in the current one made longer; 0 when there is no room. */
  private allocInNextBlock(pad: number, bytes: number): number {
    requireStack(LAYERS);
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const fitting = this.spare.findLastIndex((block) => block.pages >= pages);
    if (fitting >= 0) return this.use(this.spare.splice(fitting, 1)[0]!, bytes);
    // Spare blocks that are too small are of no use, and may lie where the current block can grow.
    this.releaseSpare();
    const wasteful = isWasteful(bytes, Math.max(pages, this.nextPages));
    if (wasteful && this.extendCurrent(pad + bytes)) return this.bump(pad, bytes);
    const block = this.newBlock(pages);
    if (block !== undefined) return this.use(block, bytes);
    return !wasteful && this.extendCurrent(pad + bytes) ? this.bump(pad, bytes) : 0;
  }

  /** Takes a block in use for an object of `bytes`, and returns its pointer: blocks start at a page, so that no alignment needs room. */
  private use(block: Block, bytes: number): number {
    const { current } = this;
    this.inUse.push(block);
    // The arena goes on filling the one of both blocks that has more room; free pages behind the other are released.
    if (current !== undefined && this.left >= bytesOf(block) - bytes) {
      block.filled = bytes;
      this.releaseTail(block, bytes);
      this.version++;
    } else {
      if (current !== undefined) {
        current.filled = bytesOf(current) - this.roomFor(Number.POSITIVE_INFINITY);
        this.releaseTail(current, current.filled);
      }
      this.fill(block, block.pointer + bytes);
    }
    return block.pointer;
  }

  /** Makes the current block longer in place, so that so many more bytes fit. @returns whether it could */
  private extendCurrent(bytes: number): boolean {
    const { current } = this;
    if (current === undefined || this.memory.ownerOf(endOf(current)) > 0) return false;
    const { memory } = this;
    const pages = Math.ceil((bytes - this.roomFor(Number.POSITIVE_INFINITY)) / PAGE_BYTES);
    if (!memory.tryExtend(current.pointer, current.pages, pages)) return false;
    // Zeros that follow others are one stretch of them.
    if (current.zeroedFrom === endOf(current) || memory.zeroedFrom > endOf(current)) {
      current.zeroedFrom = memory.zeroedFrom;
    }
    current.pages += pages;
    this.growNext();
    this.fill(current, this.cursor >>> 0);
    return true;
  }

  /** A block of at least `pages` pages, or none. */
  private newBlock(pages: number): Block | undefined {
    if (!this.reserveRecord()) return undefined;
    const { memory, owner } = this;
    const wanted = Math.max(pages, this.nextPages);
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

  private growNext(): void {
    this.nextPages = Math.min(this.nextPages * 2, this.blockPages);
  }

  /** Goes back to a position in a block, and makes what came after it spare, so that the first used is the next used. */
  private goBack(position: Position, block: Block | undefined): void {
    const { current } = this;
    if (current !== undefined) {
      current.filled = bytesOf(current) - this.roomFor(Number.POSITIVE_INFINITY);
      noteDirty(current);
    }
    // What is filled on again held more than it does now.
    if (block !== undefined) noteDirty(block);
    while (this.inUse.length > position.depth) {
      const dropped = this.inUse.pop()!;
      noteDirty(dropped);
      this.spare.push(dropped);
    }
    this.marks.rewound(position);
    this.fill(block, position.pointer);
  }

  private get position(): Position {
    const { current } = this;
    // The cursor at the end of 4 GiB is 0.
    const isFull = current !== undefined && this.cursor === 0;
    return { depth: this.inUse.length, pointer: isFull ? endOf(current) : this.cursor >>> 0 };
  }

  private releaseSpare(): number {
    let bytes = 0;
    for (let block = this.spare.at(-1); block !== undefined; block = this.spare.at(-1)) {
      this.memory.release(block.pointer, block.pages);
      this.spare.pop();
      this.version++;
      bytes += bytesOf(block);
    }
    // The next blocks are as large as if the arena had just grown to what is left.
    if (bytes > 0) this.nextPages = Math.min(this.pagesInUse() + 1, this.blockPages);
    return bytes;
  }

  private pagesInUse(): number {
    return this.inUse.reduce((pages, block) => pages + block.pages, 0);
  }

  /** Releases the whole pages behind the first `filled` bytes of a block. @returns their bytes */
  private releaseTail(block: Block, filled: number): number {
    const pages = Math.max(1, Math.ceil(filled / PAGE_BYTES));
    const free = block.pages - pages;
    if (free === 0) return 0;
    this.memory.release(block.pointer + pages * PAGE_BYTES, free);
    block.pages = pages;
    block.zeroedFrom = Math.min(block.zeroedFrom, endOf(block));
    this.version++;
    return free * PAGE_BYTES;
  }

  // --- saved state -------------------------------------------------------------------------------------------------------

  /** The word that only this arena's state at this very place has. */
  private stateSignature(pointer: number): number {
    return (Math.imul(this.owner, GOLDEN) ^ pointer) | 1;
  }

  private loadBlocks(at: number): void {
    const { i32 } = this.memory;
    this.nextPages = i32[at + SAVED_NEXT_PAGES] as number;
    this.version = this.savedVersion = i32[at + SAVED_VERSION] as number;
    this.saved.pointer = (i32[at + SAVED_LIST_POINTER] as number) >>> 0;
    this.saved.bytes = i32[at + SAVED_LIST_BYTES] as number;
    // Another thread has used the arena since: marks made before are stale, and a refusal tells nothing.
    this.marks.dropAll();
    this.refusedVersion = -1;
    const inUse = i32[at + SAVED_IN_USE] as number;
    const blocks = this.saved.read(inUse + (i32[at + SAVED_SPARE] as number));
    this.spare.length = 0;
    this.spare.push(...blocks.splice(inUse));
    this.inUse.length = 0;
    this.inUse.push(...blocks);
    this.current = this.inUse[i32[at + SAVED_CURRENT] as number];
  }

  private saveBlocks(): void {
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
}

function broken(what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the arena is broken: ${what}`);
}
