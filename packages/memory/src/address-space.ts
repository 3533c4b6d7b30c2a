import { describe, MorphError } from "./errors.ts";

/** Bytes of a page: 64 KiB, WebAssembly's page and the unit in which a memory hands out space. */
export const PAGE_BYTES = 65536;

/**
 * The version of the contract between a memory and its allocators. It changes only when an older allocator could not
 * work on a newer memory, or the other way round; an addition does not change it.
 */
export const CONTRACT_VERSION = 1;

/** What an allocator tells a memory about itself when they meet. */
export interface PageOwner {
  /** The allocator's kind, for messages: `"pool"`. */
  readonly name: string;
  /** The {@link CONTRACT_VERSION} the allocator was written against: a literal of its own package. */
  readonly contractVersion: number;
  /**
   * The memory calls it after every growth, also after growth by a module: views taken before may be detached, and the page map may have
   * moved. It must not allocate.
   */
  viewsChanged(): void;
  /**
   * The memory calls it with `true` before growth listeners run, and with `false` after them. In between, every operation of the allocator
   * that changes something must come to {@link AddressSpace.refresh}, which then throws ERR_MORPH_BUSY. An allocator whose fast paths read
   * a view puts an empty view in its place. An allocator without this method can allocate in a listener, as long as it asks for no pages.
   */
  suspend?(suspended: boolean): void;
  /** The allocator itself, whose methods a memory with the option `debugViews` watches. */
  readonly allocator?: object;
}

/** What a memory with the option `debugViews` knows of its objects. */
export interface ObjectEnds {
  /** How many objects, or groups of objects, have ended: freed, moved, reset or rewound, in this thread. */
  readonly now: number;
  /** What {@link now} became when the byte at `pointer` last stopped being an object's; 0 when it never did. O(1). */
  endedAt(pointer: number): number;
}

/** What an engine's memory has, for programs that are compiled without the types of WebAssembly, which are in the DOM library. */
interface BareMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** `WebAssembly.Memory`, also where that name has no type. */
export type WasmMemory = typeof globalThis extends { WebAssembly: { Memory: { prototype: infer Memory } } }
  ? Memory
  : BareMemory;

/**
 * Names for pointers, kept in the memory itself. A thread that attaches to it, or a program that opens a copy of its bytes, finds by them what lies there. A memory has
 * 64 names at most; each is a string of 1 to 60 UTF-16 units. Threads of a shared memory may use it at once. Costs are O(names).
 */
export interface Roots {
  /** The pointer of that name; 0 when there is none. @throws ERR_MORPH_INVALID_CONFIG for what cannot be a name */
  get(name: string): number;
  /**
   * Gives a pointer a name, in place of the one that had it.
   * @param pointer from 1, in the memory; whose it is does not matter, and freeing it does not take the name away
   * @throws ERR_MORPH_INVALID_CONFIG for what cannot be a name, ERR_MORPH_INVALID_POINTER, ERR_MORPH_OUT_OF_MEMORY when 64 have one or there is
   *   no room for their table (8 KiB, made with the first name), ERR_MORPH_BUSY in a growth listener; then nothing has changed
   */
  set(name: string, pointer: number): void;
  /** Takes a name away; whether there was one. @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_BUSY */
  delete(name: string): boolean;
  /** All names and pointers of now, in no order that means anything. */
  [Symbol.iterator](): IterableIterator<[name: string, pointer: number]>;
}

/**
 * A memory as allocators and programs see it: the packages meet only here, so that each can be of another version. `LinearMemory` is
 * the implementation.
 *
 * A pointer is a byte offset into the memory, 1 to 2^32 - 1; 0 is null and never handed out.
 *
 * @typeParam Buffer what backs it, where that is known: `ArrayBuffer` or `SharedArrayBuffer`
 */
export interface AddressSpace<Buffer extends ArrayBufferLike = ArrayBufferLike> {
  /** The contract that this memory keeps; see {@link CONTRACT_VERSION}. */
  readonly contractVersion: number;
  /** The bytes themselves; hand it to a WebAssembly module to let it use the same memory. */
  readonly wasm: WasmMemory;
  /** Whether the memory is backed by a SharedArrayBuffer. */
  readonly shared: boolean;

  /**
   * The memory as 8-bit unsigned integers; the other views show the same bytes as other types. A view taken from here
   * is current now, and must not be kept across a call that may allocate: growth detaches it. O(1), as quick as a field where only allocators
   * grow the memory. Growth of a shared memory that was not brought with `wasm`, by others than allocators, is noticed by the next operation.
   */
  readonly u8: Uint8Array<Buffer>;
  readonly i8: Int8Array<Buffer>;
  readonly u16: Uint16Array<Buffer>;
  readonly i16: Int16Array<Buffer>;
  readonly u32: Uint32Array<Buffer>;
  readonly i32: Int32Array<Buffer>;
  readonly f32: Float32Array<Buffer>;
  readonly f64: Float64Array<Buffer>;
  /** 64-bit unsigned integers, as BigInt: convenient, slow. */
  readonly u64: BigUint64Array<Buffer>;
  /** 64-bit signed integers, as BigInt: convenient, slow. */
  readonly i64: BigInt64Array<Buffer>;

  /**
   * Of a memory with the option `debugViews`: when objects ended. Whoever keeps a pointer, and the number {@link ObjectEnds.now} of that moment, can
   * tell whether the object is still there.
   */
  readonly objectEnds?: ObjectEnds | undefined;

  /** The first page this memory may use; its records start there. O(1). */
  readonly firstPage: number;
  /** Size of the memory in pages, free ones and those of modules included. O(1). */
  readonly pageCount: number;
  /** The size in pages that this memory never grows past: of a module's memory, the maximum that it was made with. O(1). */
  readonly maxPages: number;

  /** Bytes of pages in use: those acquired and not released, plus the memory's own tables. O(1). */
  readonly footprint: number;
  /** The largest {@link footprint} so far, in bytes. O(1). */
  readonly peakFootprint: number;

  /**
   * Where the zeros start in the run that {@link acquire}, {@link tryAcquire} or {@link tryExtend} returned last. From this pointer to the run's end no
   * allocator had the pages before. It is the run's end when the last page was in use before. O(1).
   */
  readonly zeroedFrom: number;

  /**
   * Makes an allocator known; from then on the memory tells it about growth. O(allocators).
   * @param owner to continue an allocator that another thread registered: its id
   * @returns its owner id, a positive integer that no other allocator of this memory gets
   * @throws ERR_MORPH_VERSION when the contracts differ, ERR_MORPH_NOT_OWNER when there is no such `owner`, because it was never given or has
   *   left, or when it is another allocator's in this thread, or of another name; ERR_MORPH_INVALID_CONFIG when the memory is sealed and `owner`
   *   is not given, or `allocator` is not an allocator; ERR_MORPH_OUT_OF_MEMORY when the memory is too full to note it
   */
  register(allocator: PageOwner, owner?: number): number;
  /**
   * Forgets an allocator and takes back every page it still owns. O(pages of the memory).
   * @throws ERR_MORPH_NOT_OWNER when no such owner is registered
   */
  unregister(owner: number): void;
  /**
   * Lets no further allocator join, in any thread: a context whose lock guards only its own allocators needs that. Ids that were given before
   * can still be continued. O(allocators).
   * @param owners the ids that may be there
   * @throws ERR_MORPH_INVALID_CONFIG when another is, or the memory is sealed already
   */
  seal(owners: readonly number[]): void;
  /** Lets allocators join again after {@link seal}. O(1). */
  unseal(): void;

  /**
   * Hands out a run of consecutive pages: the lowest free run that is long enough. Where there is none the memory grows, by a quarter of its
   * size or more. The bytes are not cleared; {@link zeroedFrom} tells which hold zeros. O(pages of the memory) at worst, O(pages)
   * as a rule; O(1) for a request that was refused before, when nothing was released or grown since.
   * @param pages how many, from 1
   * @returns pointer of the first byte
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_NOT_OWNER (no such owner), ERR_MORPH_OUT_OF_MEMORY
   */
  acquire(pages: number, owner: number): number;
  /**
   * Like {@link acquire}, but returns 0 where there is no room, which is quick: no error is made.
   * @param align the run starts at a multiple of so many pages, from 1; default 1
   */
  tryAcquire(pages: number, owner: number, align?: number): number;
  /**
   * Whether a run of so many pages was refused before, and nothing was released or grown since. {@link tryAcquire} would return 0 at once, so a
   * caller who has to prepare something first can ask before. O(1).
   */
  refuses(pages: number): boolean;
  /**
   * Hands out exactly these pages, if all of them are free. An allocator that has the pages beside them asks for them. O(pages).
   * @returns whether it did
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_NOT_OWNER
   */
  tryAcquireAt(pointer: number, pages: number, owner: number): boolean;
  /** Counts, modulo 2^32, how often pages or side tables have become free or pages were added. A search that found nothing will find nothing until it changes. O(1). */
  readonly releases: number;
  /**
   * Grows the memory now, by what is missing for a run of so many free pages. No growth detaches a view until these pages are used, by
   * allocators or for side tables. O(pages of the memory).
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY
   */
  reserve(pages: number): void;
  /**
   * Makes a run longer in place, when the `more` pages behind it are free or can be grown.
   * @returns whether it did; with `false` the run is as it was
   * @throws ERR_MORPH_INVALID_POINTER when `pointer` and `pages` are not a run of one owner, ERR_MORPH_INVALID_SIZE
   */
  tryExtend(pointer: number, pages: number, more: number): boolean;
  /**
   * Takes back a run of pages, or a part of one; neighbouring free pages merge. O(pages).
   * @throws ERR_MORPH_INVALID_POINTER, ERR_MORPH_DOUBLE_FREE (free already), ERR_MORPH_INVALID_SIZE
   */
  release(pointer: number, pages: number): void;

  /**
   * A zero-filled side table for an allocator's own records, 64-byte aligned. Tables lie where no allocator's pages ever were, with guard
   * bytes around them, as long as the memory has such pages. A table belongs to no owner: {@link unregister} does not take it back. This is for
   * tables that an allocator has from the start: of the pages that the memory keeps for tables they take none while there are others.
   * @param bytes from 1; {@link tableBytes} tells how many one really gets
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY
   */
  acquireTable(bytes: number): number;
  /** As {@link acquireTable}, but 0 where there is no room, and for tables that grow with what is allocated: the kept pages are for these. */
  tryAcquireTable(bytes: number): number;
  /**
   * Takes back a table; `bytes` as it was acquired. O(bytes).
   * @throws ERR_MORPH_INVALID_POINTER when it is no table of that size, ERR_MORPH_DOUBLE_FREE; then nothing has changed
   */
  releaseTable(pointer: number, bytes: number): void;
  /** Bytes that a table of `bytes` takes: the next multiple of 64. O(1). */
  tableBytes(bytes: number): number;

  /** Owner id of the page in which `pointer` lies; 0 when the page is free, -1 when this memory may not hand it out. O(1). */
  ownerOf(pointer: number): number;
  /**
   * Pointer of the page map, which has one 32-bit word for each page: the owner's id, or a number up to 0 where no allocator is. Hot paths read
   * it through {@link i32}. It may move when the memory grows.
   */
  readonly pageMap: number;
  /** Entries of the page map. */
  readonly pageMapLength: number;

  /**
   * Notices growth by someone else (a WebAssembly module's own `memory.grow`): afterwards all views are current.
   * @returns whether there was any. O(allocators), O(1) when there was none
   * @throws ERR_MORPH_BUSY in a growth listener, ERR_MORPH_DESTROYED when the memory was destroyed
   */
  refresh(): boolean;
  /**
   * Calls `listener` after every growth, with the memory's size in pages. It may look at the memory and its allocators; to allocate,
   * free, reset or destroy in it is ERR_MORPH_BUSY and changes nothing. An error that it throws becomes an uncaught one: it does not reach the
   * caller whose allocation made the memory grow. Returns the function that unsubscribes it.
   * @throws ERR_MORPH_INVALID_CONFIG when it is not a function
   */
  onGrow(listener: (pages: number) => void): () => void;

  /**
   * Calls `listener` once, when the memory has been destroyed: whoever keeps its views then lets go of them. An error that it throws becomes an uncaught
   * one. Returns the function that unsubscribes it. A memory of an older version has no such function.
   * @throws ERR_MORPH_INVALID_CONFIG when it is not a function, ERR_MORPH_DESTROYED
   */
  onDestroy?(listener: () => void): () => void;

  /** Names for pointers; see {@link Roots}. O(1). */
  readonly roots: Roots;

  /**
   * Ends the memory: every later use of it or of its allocators is ERR_MORPH_DESTROYED, and a new memory, or a module that is loaded again, may
   * have its pages. Views that were read before show these still, or nothing where the memory has grown or has `debugViews`. On a shared memory other threads must have stopped; that one of them was terminated with the memory's lock does not keep it from
   * ending, but takes five seconds. O(allocators).
   * @throws ERR_MORPH_BUSY in a growth listener
   */
  destroy(): void;
  /** `using memory = new LinearMemory()` destroys it at the end of the block. */
  [Symbol.dispose](): void;
}

/** What allocators call. A memory of the same contract, but of an older version, may lack what was added since. */
const NEEDED = [
  "unregister",
  "tryAcquire",
  "tryAcquireAt",
  "tryExtend",
  "refuses",
  "release",
  "acquireTable",
  "tryAcquireTable",
  "releaseTable",
  "tableBytes",
  "ownerOf",
  "refresh",
] as const;

/**
 * How an allocator joins a memory: compares the contracts, then registers. O(1).
 * @param owner to continue an allocator that another thread registered: its id
 * @returns the owner id
 * @throws ERR_MORPH_INVALID_CONFIG when `memory` is not a memory, ERR_MORPH_VERSION when the contracts differ, or the memory lacks what an allocator calls
 */
export function joinMemory(memory: AddressSpace, allocator: PageOwner, owner?: number): number {
  if (typeof allocator?.name !== "string") {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `allocator: expected one with a name, got ${describe(allocator)}`);
  }
  const theirs: unknown = memory?.contractVersion;
  if (typeof theirs === "number") requireContract(theirs, allocator);
  if (typeof memory?.register !== "function" || typeof memory.acquire !== "function") throw notMemory(memory);
  const lacks = NEEDED.find((name) => typeof memory[name] !== "function") ?? lacksReleases(memory);
  if (lacks !== undefined) {
    throw new MorphError(
      "ERR_MORPH_VERSION",
      `the memory has no ${lacks}, which @morph/${allocator.name} needs: its @morph/memory is older, install a newer one`,
    );
  }
  return memory.register(allocator, owner);
}

function lacksReleases(memory: AddressSpace): string | undefined {
  return typeof memory.releases === "number" ? undefined : "releases";
}

/** The error for a value that was given instead of a memory. */
export function notMemory(memory: unknown): MorphError {
  return new MorphError("ERR_MORPH_INVALID_CONFIG", `memory: expected a LinearMemory, got ${describe(memory)}`);
}

/** @throws ERR_MORPH_VERSION unless `allocator` was written against contract `version` */
export function requireContract(version: number, allocator: PageOwner): void {
  if (allocator.contractVersion !== version) {
    throw new MorphError(
      "ERR_MORPH_VERSION",
      `@morph/${allocator.name} speaks memory contract ${describe(allocator.contractVersion)}, this memory speaks ${version}: install versions whose contracts are the same`,
    );
  }
}
