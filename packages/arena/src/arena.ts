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
import { type Block, broken, bytesOf, endOf, isWasteful, noteDirty } from "./block.ts";
import { Blocks } from "./blocks.ts";
import {
  GOLDEN,
  LOW_BITS,
  MOST_LEFT,
  MULTIPLE_OF_8,
  ROUND_UP,
  SAVED_CURSOR,
  SAVED_SIGNATURE,
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
  private readonly blocks: Blocks;
  private readonly marks: Marks<Block> = new Marks();
  /** The id under which the memory knows this arena's pages. */
  readonly owner: number;
  /** Bytes that {@link saveState} writes. */
  readonly stateBytes: number = STATE_BYTES;
  private destroyed = false;
  /** Whether growth listeners run: they may only look. */
  private suspended = false;

  /** The version of the blocks in which the last allocation was refused. */
  private refusedVersion = -1;
  /** Bytes that it needed in the current block, and the memory's releases then, where the memory refuses pages for them as well. */
  private refusedBytes = Number.POSITIVE_INFINITY;
  private refusedReleases = -1;

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
    this.memory = memory;
    this.blocks = new Blocks(memory, blockBytes / PAGE_BYTES);
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
    this.blocks.owner = this.owner;
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
    const { blocks, current } = this;
    let bytes = blocks.releaseSpare();
    if (current !== undefined) {
      bytes += blocks.releaseTail(current, bytesOf(current) - this.roomFor(Number.POSITIVE_INFINITY));
      this.fill(current, this.cursor >>> 0);
    }
    return bytes;
  }

  /** What the arena holds. O(blocks). */
  stats(): ArenaStats {
    let used = 0;
    let bytes = 0;
    const { inUse, spare, tableBytes } = this.blocks;
    for (const block of inUse) {
      bytes += bytesOf(block);
      used += block === this.current ? bytesOf(block) - this.roomFor(Number.POSITIVE_INFINITY) : block.filled;
    }
    for (const block of spare) bytes += bytesOf(block);
    return { blocks: inUse.length + spare.length, footprint: bytes + tableBytes, used, free: bytes - used };
  }

  /**
   * Walks all blocks. O(pages).
   * @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong and its address
   */
  verify(): void {
    this.requireAlive();
    this.blocks.verify();
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
    this.fill(undefined, 0);
    this.blocks.drop(isMemoryGone);
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
    const at = pointer / 4;
    this.blocks.save(at, this.current);
    const { i32 } = this.memory;
    i32[at + SAVED_CURSOR] = this.cursor;
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
    if (this.blocks.isNew(at)) {
      this.current = this.blocks.load(at);
      // Another thread has used the arena since: marks made before are stale, and a refusal tells nothing.
      this.marks.dropAll();
      this.refusedVersion = -1;
    }
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
    const wasRefused = this.refusedVersion === this.blocks.version;
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
      this.refusedVersion === this.blocks.version &&
      this.refusedReleases === this.memory.releases
    );
  }

  private noteRefused(pad: number, bytes: number): void {
    // Otherwise the memory may give later what it does not now.
    const isLasting = this.memory.refuses(Math.ceil(bytes / PAGE_BYTES));
    this.refusedBytes = isLasting ? pad + bytes : Number.POSITIVE_INFINITY;
    this.refusedReleases = this.memory.releases;
    this.refusedVersion = this.blocks.version;
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
    this.blocks.version++;
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
    const { inUse } = this.blocks;
    for (let i = inUse.length - 1; i >= 0; i--) {
      const block = inUse[i] as Block;
      if (block.pointer <= pointer && pointer < endOf(block)) return block;
    }
    return undefined;
  }

  // --- blocks ------------------------------------------------------------------------------------------------------------

  /** The pointer of `bytes` in another block, or in the current one made longer; 0 when there is no room. */
  private allocInNextBlock(pad: number, bytes: number): number {
    requireStack(LAYERS);
    const { blocks } = this;
    const pages = Math.ceil(bytes / PAGE_BYTES);
    const spare = blocks.takeSpare(pages);
    if (spare !== undefined) return this.use(spare, bytes);
    // Spare blocks that are too small are of no use, and may lie where the current block can grow.
    blocks.releaseSpare();
    const wasteful = isWasteful(bytes, blocks.pagesFor(pages));
    if (wasteful && this.extendCurrent(pad + bytes)) return this.bump(pad, bytes);
    const block = blocks.take(pages);
    if (block !== undefined) return this.use(block, bytes);
    return !wasteful && this.extendCurrent(pad + bytes) ? this.bump(pad, bytes) : 0;
  }

  /** Takes a block in use for an object of `bytes`, and returns its pointer: blocks start at a page, so that no alignment needs room. */
  private use(block: Block, bytes: number): number {
    const { blocks, current } = this;
    blocks.inUse.push(block);
    // The arena goes on filling the one of both blocks that has more room; free pages behind the other are released.
    if (current !== undefined && this.left >= bytesOf(block) - bytes) {
      block.filled = bytes;
      blocks.releaseTail(block, bytes);
      blocks.version++;
    } else {
      if (current !== undefined) {
        current.filled = bytesOf(current) - this.roomFor(Number.POSITIVE_INFINITY);
        blocks.releaseTail(current, current.filled);
      }
      this.fill(block, block.pointer + bytes);
    }
    return block.pointer;
  }

  /** Makes the current block longer in place, so that so many more bytes fit. @returns whether it could */
  private extendCurrent(bytes: number): boolean {
    const { current } = this;
    if (current === undefined || this.memory.ownerOf(endOf(current)) > 0) return false;
    const pages = Math.ceil((bytes - this.roomFor(Number.POSITIVE_INFINITY)) / PAGE_BYTES);
    if (!this.blocks.extend(current, pages)) return false;
    this.fill(current, this.cursor >>> 0);
    return true;
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
    const { inUse, spare } = this.blocks;
    while (inUse.length > position.depth) {
      const dropped = inUse.pop()!;
      noteDirty(dropped);
      spare.push(dropped);
    }
    this.marks.rewound(position);
    this.fill(block, position.pointer);
  }

  private get position(): Position {
    const { current } = this;
    // The cursor at the end of 4 GiB is 0.
    const isFull = current !== undefined && this.cursor === 0;
    return { depth: this.blocks.inUse.length, pointer: isFull ? endOf(current) : this.cursor >>> 0 };
  }

  /** The word that only this arena's state at this very place has. */
  private stateSignature(pointer: number): number {
    return (Math.imul(this.owner, GOLDEN) ^ pointer) | 1;
  }
}
