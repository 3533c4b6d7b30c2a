import {
  type AddressSpace,
  CONTRACT_VERSION,
  type ObjectEnds,
  PAGE_BYTES,
  type PageOwner,
  type Roots,
  requireContract,
  type WasmMemory,
} from "./address-space.ts";
import { describe, MorphError, repeatedRefusal, withoutStackTraces } from "./errors.ts";
import * as WORD from "./head-words.ts";
import { FOREIGN, FREE, GRANULE_BYTES, LAYOUT_VERSION, MEMORY_ITSELF, SPARE } from "./layout.ts";
import { Members } from "./members.ts";
import { ObjectWatch } from "./object-watch.ts";
import {
  backingOf,
  DEFAULT_INITIAL_PAGES,
  isSharedBuffer,
  type LinearMemoryOptions,
  type OwnMemoryOptions,
} from "./options.ts";
import { MAX_PAGES } from "./own-maximum.ts";
import { PageLock } from "./page-lock.ts";
import { alignUp, mapLengthFor, Records, recordPages } from "./records.ts";
import { RootTable } from "./roots.ts";
import { requireStack, StackGuard } from "./stack.ts";
import { granulesOf, isLarge, pagesOfRegion } from "./table-regions.ts";
import { checkDetachment, checkPages, MemoryViews } from "./views.ts";

/**
 * Each memory starts to hand out pages so many pages after the one made before it, so that a pointer that is freed in the wrong memory is
 * mostly refused, and is not the pointer of another object. The places repeat after twelve memories.
 */
const STAGGER_PAGES = 16;
const STAGGERS = 12;
/** A memory with a lower maximum starts at its first page: there the pages that are left out would be missed. */
const STAGGERED_MAX_PAGES = 4096;
let memoriesMade = 0;

/** Of the operations that allocators call often. */
const changing = /* @__PURE__ */ new StackGuard(0, undefined, rehearse);
const refreshing = /* @__PURE__ */ new StackGuard();

/**
 * One address space: hands out runs of pages, remembers whose they are, grows, and keeps everybody's views current.
 *
 * Its views are of an `ArrayBuffer` or a `SharedArrayBuffer`, as the options say; of either for a memory that `wasm` brings. A
 * function that takes any memory asks for a `LinearMemory` without a type parameter.
 */
export interface LinearMemory<Buffer extends ArrayBufferLike = ArrayBufferLike> extends AddressSpace<Buffer> {}

/** How memories are made: the options decide on the type of the views. */
export interface LinearMemoryConstructor {
  /**
   * Makes a memory of its own, takes over the pages of a WebAssembly module's memory from `firstPage` on, or continues a
   * memory that another thread made there (`attach`). The memory's records take one page.
   * @throws ERR_MORPH_INVALID_CONFIG for an option that is unknown or out of range, when those pages already hold a Morph memory, or when
   *   there is none to attach to; ERR_MORPH_VERSION when that one is of another version; ERR_MORPH_OUT_OF_MEMORY when the
   *   engine cannot reserve so much
   */
  new (options?: OwnMemoryOptions<false>): LinearMemory<ArrayBuffer>;
  new (options: OwnMemoryOptions<true> & { shared: true }): LinearMemory<SharedArrayBuffer>;
  new (options: LinearMemoryOptions): LinearMemory;
  readonly prototype: LinearMemory;
}

// It knows nothing of allocators but their names; its records (page map, free runs, side tables) lie in the memory itself.
export const LinearMemory = class LinearMemory extends MemoryViews implements AddressSpace {
  readonly contractVersion: number = CONTRACT_VERSION;
  readonly shared: boolean;
  readonly roots: Roots;

  /** The engine's memory; {@link wasm} is what others get. */
  private readonly engine: WasmMemory;
  /** Whether the getters check a view before they return it, because the memory may grow unseen. See `views.ts`. */
  private checked: boolean;
  /** Of a shared memory: the word of its records that says how many pages there are, and what it said when the views were made. */
  private pages: Int32Array;
  private known = -1;
  /** The buffer whose views all owners know, and whether they are just being told of a new one. */
  private announced: ArrayBufferLike;
  private announcing = false;
  private readonly records: Records;
  private readonly members: Members;
  private readonly owners: Map<number, PageOwner> = new Map();
  private readonly listeners: Set<(pages: number) => void> = new Set();
  private readonly endings: Set<() => void> = new Set();
  /** The lock around the records of a shared memory. */
  private readonly lock: PageLock | undefined;
  /** How often the page map had moved when the owners were last told. */
  private seenMapMoves: number;
  /** Whether an operation is under way, and whether listeners have to hear of growth after it. */
  private working = false;
  private listenersPending = false;
  /** Whether growth listeners run: they may only look. */
  private listening = false;
  private destroyed = false;
  /** Whether a buffer of it was detached: V8 then checks for that everywhere already, so that another one costs nothing. */
  private detached = false;
  /** Whether all owners know that the memory is destroyed; the getters throw from then on. */
  private ended = false;
  /** Pages of the latest growth. */
  private grown = 0;
  /** See {@link zeroedFrom}. */
  private zeroed = 0;
  /** The count of releases, and the footprint, at the last refusal. */
  private refusedAt = -1;
  private refusedWith = 0;
  /** With the option `debugViews`. */
  private readonly watch: ObjectWatch | undefined;

  constructor(options: LinearMemoryOptions = {}) {
    super();
    const backing = backingOf(options);
    const { wasm, firstPage, maxPages } = backing;
    this.engine = wasm;
    this.shared = isSharedBuffer(wasm.buffer);
    if (backing.attach) {
      this.show(wasm.buffer);
      this.records = new Records(this.i32Now, firstPage);
      this.requireRecords(firstPage);
    } else {
      const needed = firstPage + recordPages(Math.max(wasm.buffer.byteLength / PAGE_BYTES, firstPage + 1), maxPages);
      const missing = needed - wasm.buffer.byteLength / PAGE_BYTES;
      if (backing.foreign) refuseRecords(wasm, firstPage);
      if (needed > maxPages || (missing > 0 && engineGrow(wasm, missing) < 0)) {
        throw new MorphError(
          "ERR_MORPH_OUT_OF_MEMORY",
          `the memory cannot be grown to ${needed} pages, which its records need`,
        );
      }
      this.show(wasm.buffer);
      this.records = new Records(this.i32Now, firstPage);
      const pageCount = wasm.buffer.byteLength / PAGE_BYTES;
      this.records.write(firstPage, pageCount, maxPages, backing.exactGrowth, backing.foreign);
      if (!backing.foreign && pageCount >= DEFAULT_INITIAL_PAGES && maxPages >= STAGGERED_MAX_PAGES) this.stagger();
    }
    this.members = new Members(this.records);
    this.announced = this.buffer;
    this.seenMapMoves = this.records.get(WORD.mapMoves);
    this.pages = this.findPages();
    if (this.shared) {
      const thread = Atomics.add(this.records.i32, this.records.at(WORD.nextThread), 1);
      this.lock = new PageLock(this.records.i32, this.records.at(WORD.lock), thread);
      checkPages(this);
    } else if (backing.foreign) checkDetachment(this);
    this.checked = this.shared || backing.foreign;
    this.roots = new RootTable({
      records: this.records,
      change: (operation) => this.exclusively(operation),
      look: (operation) => this.undisturbed(operation),
      table: (bytes) => this.takeTable(granulesOf(bytes), true) || this.refuse(1),
    });
    this.watch = options.debugViews === true ? new ObjectWatch(() => this.detachViews()) : undefined;
    this.watch?.watchAllocations(this, undefined);
  }

  /** The engine's memory. Whoever has it can grow it: once this was read, each reading of a view looks whether someone did. O(1). */
  get wasm(): WasmMemory {
    if (!this.checked) this.checkViews();
    return this.engine;
  }

  get objectEnds(): ObjectEnds | undefined {
    return this.watch;
  }

  get firstPage(): number {
    this.current();
    return this.records.get(WORD.firstPage);
  }
  get pageCount(): number {
    return this.current().u8Now.length / PAGE_BYTES;
  }
  get maxPages(): number {
    this.current();
    return this.records.get(WORD.maxPages);
  }
  get footprint(): number {
    this.current();
    return this.records.get(WORD.footprint) * PAGE_BYTES;
  }
  get peakFootprint(): number {
    this.current();
    return this.records.get(WORD.peakFootprint) * PAGE_BYTES;
  }
  get zeroedFrom(): number {
    return this.zeroed;
  }
  get releases(): number {
    this.current();
    return this.records.get(WORD.releases);
  }
  get pageMap(): number {
    this.current();
    return this.records.get(WORD.map) >>> 0;
  }
  get pageMapLength(): number {
    this.current();
    return this.records.get(WORD.mapLength);
  }

  register(allocator: PageOwner, owner?: number): number {
    requireAllocator(allocator);
    requireContract(this.contractVersion, allocator);
    return this.exclusively(() => {
      if (owner !== undefined && !this.members.has(owner)) {
        throw new MorphError(
          "ERR_MORPH_NOT_OWNER",
          `owner: expected the id of an allocator that is there, got ${describe(owner)}`,
        );
      }
      if (owner !== undefined && !this.members.hasKind(owner, allocator.name)) {
        throw new MorphError("ERR_MORPH_NOT_OWNER", `owner: ${owner} is not the id of a ${describe(allocator.name)}`);
      }
      if (owner !== undefined && this.owners.has(owner)) {
        throw new MorphError("ERR_MORPH_NOT_OWNER", `owner: ${owner} is another allocator's in this thread`);
      }
      if (owner === undefined && this.records.get(WORD.sealed) === 1) {
        throw new MorphError(
          "ERR_MORPH_INVALID_CONFIG",
          `memory: it is a shared context's, whose lock does not guard a ${allocator.name} beside it: give the ${allocator.name} a memory of its own`,
        );
      }
      const id = owner ?? this.admit(allocator.name);
      this.owners.set(id, allocator);
      if (allocator.allocator !== undefined) this.watch?.watch(allocator.allocator, () => this.pagesOf(id));
      return id;
    });
  }

  unregister(owner: number): void {
    this.requireOwner(owner);
    this.exclusively(() => {
      this.shrinkMembers();
      const end = this.records.knownPages();
      this.owners.delete(owner);
      this.members.remove(owner);
      for (let page = this.records.get(WORD.firstPage); page < end; page++) {
        if (this.records.owner(page) === owner) this.records.free(page, 1);
      }
    });
  }

  seal(owners: readonly number[]): void {
    if (!Array.isArray(owners)) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `owners: expected an array of ids, got ${describe(owners)}`);
    }
    this.exclusively(() => {
      const others = [...this.owners.keys()].filter((id) => !owners.includes(id));
      const elsewhere = this.members.count > owners.length;
      if (others.length > 0 || elsewhere || this.records.get(WORD.sealed) === 1) {
        const name = this.owners.get(others[0] as number)?.name ?? "another allocator";
        throw new MorphError(
          "ERR_MORPH_INVALID_CONFIG",
          `memory: expected one that a shared context can have to itself, in this one there is ${name} already`,
        );
      }
      this.records.set(WORD.sealed, 1);
    });
  }

  unseal(): void {
    this.exclusively(() => this.records.set(WORD.sealed, 0));
  }

  acquire(pages: number, owner: number): number {
    return this.tryAcquire(pages, owner) || this.refuse(pages);
  }

  refuses(pages: number): boolean {
    if (this.listening || this.destroyed || this.u8Now.length === 0) return false;
    if (this.shared && this.u8Now.length / PAGE_BYTES < this.records.get(WORD.pageCount)) return false;
    const refused = this.records.get(WORD.refused);
    return refused !== 0 && typeof pages === "number" && pages >= refused;
  }

  tryAcquire(pages: number, owner: number, align = 1): number {
    requirePages("pages", pages);
    requirePages("align", align);
    this.requireOwner(owner);
    if (this.refuses(pages)) return 0;
    return this.exclusively(() => {
      // Another thread may have ended it.
      if (this.shared && !this.members.has(owner)) throw noOwner(owner);
      return this.take(pages, owner, align) * PAGE_BYTES;
    }, changing);
  }

  tryAcquireAt(pointer: number, pages: number, owner: number): boolean {
    requirePages("pages", pages);
    this.requireOwner(owner);
    return this.exclusively(() => {
      const page = typeof pointer === "number" ? pointer / PAGE_BYTES : Number.NaN;
      if (!Number.isInteger(page) || page < 0 || !this.records.isFreeForAllocators(page, pages)) return false;
      this.claim(page, pages, owner);
      return true;
    });
  }

  tryExtend(pointer: number, pages: number, more: number): boolean {
    return this.exclusively(() => {
      const first = this.requireRun(pointer, pages);
      requirePages("more", more);
      const next = first + pages;
      const found = this.findBehind(next, more);
      if (found) this.claim(next, more, this.records.owner(first));
      return found;
    }, changing);
  }

  release(pointer: number, pages: number): void {
    this.exclusively(() => this.records.free(this.requireRun(pointer, pages), pages), changing);
  }

  reserve(pages: number): void {
    requirePages("pages", pages);
    const found = !this.refuses(pages) && this.exclusively(() => this.findOrGrow(pages, 1) !== 0);
    if (!found) this.refuse(pages);
  }

  acquireTable(bytes: number): number {
    return this.findTable(bytes, true) || this.refuse(pagesOfRegion(granulesOf(bytes), 0).least);
  }

  tryAcquireTable(bytes: number): number {
    return this.findTable(bytes, false);
  }

  private findTable(bytes: number, lasting: boolean): number {
    const granules = granulesOf(this.tableBytes(bytes));
    return this.exclusively(() => {
      this.records.keepForTables();
      return this.takeTable(granules, lasting);
    });
  }

  releaseTable(pointer: number, bytes: number): void {
    this.exclusively(() => {
      const { records } = this;
      const ours = pointer === records.get(WORD.map) >>> 0 || pointer === records.get(WORD.memberTable) * 4;
      if (ours) {
        throw new MorphError(
          "ERR_MORPH_INVALID_POINTER",
          `expected the pointer of a table, got the memory's ${pointer}`,
        );
      }
      const size = records.tables.has(pointer) ? this.tableBytes(bytes) : GRANULE_BYTES;
      records.releaseTable(pointer, size);
    });
  }

  tableBytes(bytes: number): number {
    if (!Number.isInteger(bytes) || bytes < 1 || bytes > MAX_PAGES * PAGE_BYTES) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `bytes: expected an integer from 1 to 2^32, got ${describe(bytes)}`,
      );
    }
    return granulesOf(bytes) * GRANULE_BYTES;
  }

  ownerOf(pointer: number): number {
    this.current();
    if (!Number.isInteger(pointer) || pointer < 0) return FOREIGN;
    const page = Math.floor(pointer / PAGE_BYTES);
    const owner = page < this.records.knownPages() ? this.records.owner(page) : FOREIGN;
    return owner >= SPARE && owner < FOREIGN ? FREE : owner;
  }

  refresh(): boolean {
    const before = this.buffer;
    this.exclusively(() => {}, refreshing);
    return this.buffer !== before;
  }

  onGrow(listener: (pages: number) => void): () => void {
    if (typeof listener !== "function") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `listener: expected a function, got ${describe(listener)}`);
    }
    return subscribe(this.listeners, (pages) => listener(pages));
  }

  onDestroy(listener: () => void): () => void {
    if (typeof listener !== "function") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `listener: expected a function, got ${describe(listener)}`);
    }
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the memory was destroyed");
    return subscribe(this.endings, () => listener());
  }

  destroy(): void {
    if (this.destroyed) return;
    this.endRecords();
    this.destroyed = true;
    if (this.detached || this.watch !== undefined) engineGrow(this.engine, 0);
    this.show(new ArrayBuffer(0));
    this.announced = this.buffer;
    if (this.shared) this.pages = new Int32Array(1);
    else if (!this.checked) this.checkViews();
    for (const owner of this.owners.values()) {
      owner.viewsChanged();
      owner.suspend?.(true);
    }
    this.ended = true;
    for (const listener of this.endings) callSafely(listener);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  /** All other threads have stopped. So whoever keeps the lock was terminated with it, and changes nothing any more. */
  private endRecords(): void {
    try {
      this.exclusively(() => this.records.set(WORD.magic, 0));
    } catch (error) {
      if ((error as Partial<MorphError>).code !== "ERR_MORPH_TIMEOUT") throw error;
      this.records.set(WORD.magic, 0);
    }
  }

  // --- views and growth ------------------------------------------------------------------------------------------------

  /** As a growth does, without one. Listeners do not hear of it. */
  private detachViews(): void {
    if (this.listening || this.destroyed) return;
    // Listeners hear of what grew before.
    this.current();
    engineGrow(this.engine, 0);
    this.refreshViews();
    this.listenersPending = false;
  }

  private *pagesOf(owner: number): Generator<readonly [pointer: number, bytes: number]> {
    const end = this.records.knownPages();
    for (let page = this.records.get(WORD.firstPage); page < end; page++) {
      if (this.records.owner(page) === owner) yield [page * PAGE_BYTES, PAGE_BYTES];
    }
  }

  private checkViews(): void {
    checkDetachment(this);
    this.checked = true;
  }

  /** The word that tells of growth, in the views of now. */
  private findPages(): Int32Array {
    const word = this.records.at(WORD.pageCount);
    return this.i32Now.subarray(word, word + 1);
  }

  /** Notes what the views cover, if that is all there is. A memory that others may grow without its records is never known. */
  private knowPages(): void {
    const pages = this.pages[0] as number;
    const isCovered = pages * PAGE_BYTES <= this.u8Now.length;
    this.known = isCovered && this.records.get(WORD.foreign) === 0 ? pages : -1;
  }

  /** The views, which are made again when the memory has grown unseen. */
  private current(): this {
    if (this.mayBeOld()) this.learn();
    if (this.ended) this.requireUsable();
    return this;
  }

  /** Growth shows in the records of a shared memory, and detaches an unshared buffer; both for less than asking the engine for the buffer. */
  private mayBeOld(): boolean {
    const grew = this.shared ? this.pages[0] !== this.known : this.u8Now.length === 0;
    return grew || this.buffer !== this.announced;
  }

  /** Learns of growth outside an operation: owners and listeners hear of it at once. */
  private learn(): void {
    if (this.destroyed || this.announcing) return;
    if (!this.shared) requireStack();
    if (this.refreshViews() && !this.working && !this.listening) this.tellListeners();
  }

  /**
   * Runs an operation that may change the records: alone, on current views, and not in a growth listener. Owners and listeners
   * hear of growth after it.
   * @param guard of an operation that is called often
   */
  private exclusively<T>(operation: () => T, guard?: StackGuard): T {
    this.requireUsable();
    if (guard === undefined || this.buffer !== this.announced || this.u8Now.length === 0) requireStack();
    else guard.require(this.zeroed);
    this.lock?.lock();
    this.working = true;
    try {
      if (this.shared || this.mayBeOld()) this.refreshViews();
      this.noteForeignPages();
      return operation();
    } finally {
      this.working = false;
      this.lock?.unlock();
      if (this.listenersPending) this.tellListeners();
    }
  }

  /** Runs what only looks at the records, in growth listeners too, while no other thread changes them. */
  private undisturbed<T>(look: () => T): T {
    this.current();
    const { lock } = this;
    if (lock === undefined) return look();
    requireStack();
    lock.lock();
    try {
      if (this.mayBeOld()) this.refreshViews();
      return look();
    } finally {
      lock.unlock();
      if (this.listenersPending && !this.listening) this.tellListeners();
    }
  }

  private requireUsable(): void {
    if (this.listening) {
      throw new MorphError("ERR_MORPH_BUSY", "a growth listener may look, but not allocate, free, reset or destroy");
    }
    if (this.destroyed) throw new MorphError("ERR_MORPH_DESTROYED", "the memory was destroyed");
  }

  /**
   * Takes new views when the memory has grown or its page map has moved, in this thread or another. It does not touch the records: on a shared
   * memory another thread may be changing them. What a stack overflow leaves undone here is done the next time.
   */
  private refreshViews(): boolean {
    let { buffer } = this.engine;
    if (buffer.byteLength / PAGE_BYTES < this.knownCount(buffer)) {
      // Another thread grew the memory, and the engine has not told this one yet: asking it to grow by nothing makes it.
      engineGrow(this.engine, 0);
      buffer = this.engine.buffer;
    }
    const isNew = buffer !== this.buffer;
    if (isNew) {
      this.detached = !this.shared;
      this.show(buffer);
      this.pages = this.findPages();
    }
    if (this.shared) this.knowPages();
    if (!isNew && this.buffer === this.announced && this.records.get(WORD.mapMoves) === this.seenMapMoves) return false;
    this.records.i32 = this.i32Now;
    if (this.lock !== undefined) this.lock.i32 = this.i32Now;
    this.announcing = true;
    try {
      for (const owner of this.owners.values()) {
        owner.viewsChanged();
        // A growth listener has grown the engine's memory: allocators may still only look.
        if (this.listening) owner.suspend?.(true);
      }
    } finally {
      this.announcing = false;
    }
    this.seenMapMoves = this.records.get(WORD.mapMoves);
    this.announced = this.buffer;
    this.listenersPending = true;
    return true;
  }

  /** Pages that the memory has, as the records say. Those of an unshared memory can only be read in its current buffer. */
  private knownCount(buffer: ArrayBufferLike): number {
    return this.shared || buffer === this.buffer ? this.records.get(WORD.pageCount) : 0;
  }

  /** Notes pages that the records do not know: others have grown the memory by them. */
  private noteForeignPages(): void {
    const pages = this.u8Now.length / PAGE_BYTES;
    if (pages > this.records.get(WORD.pageCount)) this.records.extend(pages, pages, pages);
  }

  /** Calls the listeners, while no allocator does anything. */
  private tellListeners(): void {
    this.listenersPending = false;
    if (this.listeners.size === 0) return;
    const { length } = this.u8Now;
    this.callAll();
    // A listener may have grown the engine's memory: the listeners are told of that once.
    this.refreshViews();
    this.listenersPending = false;
    if (this.u8Now.length === length) return;
    this.callAll();
    this.refreshViews();
    this.listenersPending = false;
  }

  private callAll(): void {
    for (const owner of this.owners.values()) owner.suspend?.(true);
    this.listening = true;
    try {
      const pages = this.u8Now.length / PAGE_BYTES;
      for (const listener of [...this.listeners]) if (this.listeners.has(listener)) callSafely(() => listener(pages));
    } finally {
      this.listening = false;
      for (const owner of this.owners.values()) owner.suspend?.(false);
    }
  }

  // --- pages -----------------------------------------------------------------------------------------------------------

  private stagger(): void {
    const { records } = this;
    const first = records.get(WORD.firstPage) + records.get(WORD.regionPages);
    const start = first + (memoriesMade++ % STAGGERS) * STAGGER_PAGES;
    records.set(WORD.searchStart, start);
    records.set(WORD.firstFree, start);
  }

  /** Whether a run can be had at a page that another run ends at. */
  private findBehind(next: number, more: number): boolean {
    const { records } = this;
    const left = records.leftBesideTables(more);
    if (records.isFreeRun(next, more)) return records.neverUsedIn(next, more) <= left;
    const free = records.tailRun();
    // Only a run that the memory's end, or its free tail, follows can be grown.
    if (next + free !== records.get(WORD.pageCount)) return false;
    if (more - free + records.neverUsedIn(next, free) > left || !this.tryGrow(more - free)) return false;
    // On a shared memory someone else may have grown it in between.
    return records.isFreeRun(next, more);
  }

  /** Number of the first page of a new run, or 0. */
  private take(pages: number, owner: number, align: number): number {
    const page = this.findOrGrow(pages, align);
    if (page !== 0) this.claim(page, pages, owner);
    return page;
  }

  private findOrGrow(pages: number, align: number): number {
    const { records } = this;
    const left = records.leftBesideTables(pages);
    if (pages > left) return this.findMostlyUsed(pages, align, left);
    let page = records.findRun(pages, align);
    // Again after growing: on a shared memory someone else may have grown it in between.
    while (page === 0) {
      const missing = this.missingFor(pages, align);
      if (this.moveMapAside(missing)) continue;
      if (!this.tryGrow(missing)) return this.findWithSpare(pages, align);
      page = records.findRun(pages, align);
    }
    return page;
  }

  /** Pages to grow by so that a run is free at the memory's end. */
  private missingFor(pages: number, align: number): number {
    const { records } = this;
    const count = records.get(WORD.pageCount);
    return alignUp(count - records.tailRun(), align) + pages - count;
  }

  /** A run of pages that allocators had before, but for a few: all others are kept for side tables. */
  private findMostlyUsed(pages: number, align: number, left: number): number {
    const { records } = this;
    let page = records.findMostlyUsedRun(pages, align, left);
    const missing = page === 0 ? this.missingFor(pages, align) : 0;
    if (missing > 0 && missing + records.neverUsedInTail(pages - missing) <= left && this.tryGrow(missing)) {
      page = records.findMostlyUsedRun(pages, align, left);
    }
    if (page === 0 && align === 1) records.noteRefused(pages);
    return page;
  }

  /**
   * Moves the page map aside before a growth by so many pages that needs a longer one, so that it never lies between pages that are handed out. It
   * goes to the lowest pages that were never handed out, else to the end of what there is now. @returns whether it moved, or the memory grew
   */
  private moveMapAside(growth: number): boolean {
    const { records } = this;
    const count = records.get(WORD.pageCount);
    const room = records.get(WORD.maxPages) - count;
    if (growth > room || count + growth <= records.get(WORD.mapLength)) return false;
    requireStack();
    const { mapLength, granules, regionPages } = this.longerMap(growth);
    const page = records.findLowestNeverUsed(regionPages);
    if (page === 0) {
      const after = records.tailRun() + growth + regionPages;
      return after <= room && this.growWithMap(0, room, mapLength);
    }
    records.addRegion(page, regionPages, true, false);
    records.moveMap(records.tables.take(granules), mapLength, count, count);
    this.refreshViews();
    return true;
  }

  /** The page map that a memory which grows by so many pages needs. */
  private longerMap(growth: number): { mapLength: number; granules: number; regionPages: number } {
    const { records } = this;
    const maxPages = records.get(WORD.maxPages);
    // The map covers its own region, too, which takes five pages at most.
    const mapLength = mapLengthFor(Math.min(records.get(WORD.pageCount) + growth + 5, maxPages), maxPages);
    const granules = granulesOf(mapLength * 4);
    return { mapLength, granules, regionPages: pagesOfRegion(granules, 0).least };
  }

  /** A run that has spare pages of table regions in it, when there is no other. */
  private findWithSpare(pages: number, align: number): number {
    const { records } = this;
    const count = records.get(WORD.pageCount);
    const missing = alignUp(count - records.tailRunWithSpare(), align) + pages - count;
    if (missing > 0 && records.get(WORD.spare) > 0) this.tryGrow(missing);
    const page = records.findRunWithSpare(pages, align);
    // The engine may give later what it refuses now. What the maximum forbids stays forbidden.
    if (page === 0 && align === 1 && missing > records.get(WORD.maxPages) - count) records.noteRefused(pages);
    return page;
  }

  private claim(page: number, pages: number, owner: number): void {
    this.zeroed = this.records.zeroedFrom(page, pages) * PAGE_BYTES;
    this.records.claim(page, pages, owner);
    this.records.noteKept();
  }

  /** Notes a new member. @returns its id. @throws ERR_MORPH_OUT_OF_MEMORY when their table has no room; then nothing has changed */
  private admit(name: string): number {
    const { records, members } = this;
    const bytes = members.missingBytes;
    if (bytes > 0) {
      const table = this.takeTable(granulesOf(bytes), true);
      if (table === 0) {
        throw new MorphError("ERR_MORPH_OUT_OF_MEMORY", `no room to note one more than ${members.count} allocators`);
      }
      members.moveTo(table, bytes);
    }
    const id = records.get(WORD.nextOwner);
    members.add(id, name);
    records.set(WORD.nextOwner, id + 1);
    return id;
  }

  /** Moves the members to a smaller table, in a region that is there: a large one would keep its region from becoming pages again. */
  private shrinkMembers(): void {
    const { records, members } = this;
    const bytes = members.shorterBytes;
    if (bytes === 0) return;
    requireStack();
    const table = records.tables.take(granulesOf(bytes));
    if (table !== 0) members.moveTo(table, bytes);
  }

  /** A table in some region, or 0. */
  private takeTable(granules: number, lasting: boolean): number {
    return this.records.tables.take(granules) || this.takeFromNewRegion(granules, lasting);
  }

  /** A table in a region that is made for it, or 0. */
  private takeFromNewRegion(granules: number, lasting: boolean): number {
    const { records } = this;
    const { pages, least } = pagesOfRegion(granules, records.get(WORD.regionPages));
    let size = pages;
    let page = this.findRegion(pages);
    if (page === 0) {
      size = least;
      // Pages that allocators had are the last choice.
      page = this.findRegion(least) || records.findRun(least, 1);
    }
    if (page === 0) return 0;
    records.addRegion(page, size, isLarge(granules), lasting);
    return records.tables.take(granules);
  }

  private findRegion(pages: number): number {
    const { records } = this;
    const page = records.findRegion(pages);
    if (page !== 0 || !this.tryGrow(pages - records.tailRunForRegion())) return page;
    return records.findRegion(pages);
  }

  /**
   * Grows by `need` pages or, so that many small requests cause few growths, by a quarter of the size.
   * @returns false when the maximum is reached or the engine refuses; then nothing has changed
   */
  private tryGrow(need: number): boolean {
    const { records } = this;
    const count = records.get(WORD.pageCount);
    const room = records.get(WORD.maxPages) - count;
    if (need > room) return false;
    // Before anything is grown.
    requireStack();
    const mapLength = records.get(WORD.mapLength);
    if (count + need > mapLength) return this.growWithMap(need, room, this.longerMap(need).mapLength);
    const wanted = records.get(WORD.exactGrowth) === 1 ? need : Math.max(need, count >>> 2);
    return this.growBy(need, Math.min(wanted, room, mapLength - count)) > 0;
  }

  /** As {@link tryGrow}, with a longer page map, which gets a region of its own at the end of what is grown. */
  private growWithMap(need: number, room: number, mapLength: number): boolean {
    const { records } = this;
    const count = records.get(WORD.pageCount);
    const granules = granulesOf(mapLength * 4);
    const regionPages = pagesOfRegion(granules, 0).least;
    const least = need + regionPages;
    if (least > room) return false;
    const wanted = need === 0 || records.get(WORD.exactGrowth) === 1 ? least : Math.max(least, count >>> 2);
    const first = this.growBy(least, Math.min(wanted, room, mapLength - count));
    if (first === 0) return false;
    const end = Math.min(first + this.grown, this.u8Now.length / PAGE_BYTES);
    const region = end - regionPages;
    records.tables.add(region * PAGE_BYTES, regionPages, true, true);
    const map = records.tables.take(granules);
    records.moveMap(map, mapLength, first, end);
    records.claimRegion(region, regionPages);
    this.refreshViews();
    return true;
  }

  /** Grows by `wanted` pages, or by `least`. @returns the first of them, 0 when the engine refuses */
  private growBy(least: number, wanted: number): number {
    let pages = wanted;
    let first = engineGrow(this.engine, pages);
    if (first < 0 && pages > least) {
      pages = least;
      first = engineGrow(this.engine, pages);
    }
    if (first < 0) return 0;
    // The records first: whatever an owner does when it is told, the pages are not lost. On a shared memory someone else may have grown
    // it just before or after: only these pages are ours.
    const i32 = new Int32Array(this.engine.buffer);
    this.records.i32 = i32;
    this.records.extend(first, first + pages, i32.byteLength / PAGE_BYTES);
    this.refreshViews();
    this.grown = pages;
    return first;
  }

  private refuse(pages: number): never {
    const { footprint, maxPages, pageCount, releases } = this;
    const repeated = this.refusedAt === releases && this.refusedWith === footprint;
    this.refusedAt = releases;
    this.refusedWith = footprint;
    const message = `no run of ${pages} free pages: the memory has ${pageCount} pages, ${footprint / PAGE_BYTES} in use, at most ${maxPages}, and cannot be grown by what is missing`;
    throw repeated
      ? repeatedRefusal("ERR_MORPH_OUT_OF_MEMORY", message)
      : new MorphError("ERR_MORPH_OUT_OF_MEMORY", message);
  }

  private requireRecords(firstPage: number): void {
    if (firstPage >= this.u8Now.length / PAGE_BYTES || !this.records.present) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `page ${firstPage} does not hold the records of a Morph memory`);
    }
    const version = this.records.get(WORD.version);
    if (version !== LAYOUT_VERSION) {
      throw new MorphError(
        "ERR_MORPH_VERSION",
        `the memory's records are of version ${version}, this package reads version ${LAYOUT_VERSION}`,
      );
    }
  }

  private requireOwner(owner: number): void {
    if (!this.owners.has(owner)) throw noOwner(owner);
  }

  /** Number of the first page of a run that one allocator owns. */
  private requireRun(pointer: number, pages: number): number {
    const owner = this.ownerOf(pointer);
    const page = typeof pointer === "number" ? pointer / PAGE_BYTES : Number.NaN;
    if (owner === FREE) {
      throw new MorphError("ERR_MORPH_DOUBLE_FREE", `the page at ${describe(pointer)} is free already`);
    }
    const isTheirs = owner !== FOREIGN && owner !== MEMORY_ITSELF && page % 1 === 0;
    if (isTheirs) requirePages("pages", pages);
    if (!isTheirs || !this.records.isRunOf(page, pages, owner)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `expected the pointer of ${describe(pages)} pages acquired by one owner, got ${describe(pointer)}`,
      );
    }
    return page;
  }
} as LinearMemoryConstructor;

/** Adds a listener, wrapped by the caller, so that one function subscribed twice is two subscriptions. @returns what takes it out */
function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** What was done is done: a listener's error must not reach whoever did it. It is uncaught instead. */
function callSafely(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    if (typeof queueMicrotask !== "function") {
      // A bare realm, as an AudioWorklet's.
      void Promise.reject(error);
      return;
    }
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Rounds of {@link rehearse}, of what runs at its end, and the pages of its memory. */
const REHEARSALS = 40;
const LAST_ROUNDS = 12;
const REHEARSAL_PAGES = 16;

/**
 * Takes pages in a memory that nobody else has, extends and releases them, until V8 has machine code for all that this calls, which it never throws away. From then on these
 * operations ask for 3 KiB of stack: see `stack.ts`. @returns whether it was possible
 */
function rehearse(): boolean {
  try {
    const memory = new LinearMemory({ initialPages: REHEARSAL_PAGES, maxPages: REHEARSAL_PAGES });
    const allocator = { name: "rehearsal", contractVersion: CONTRACT_VERSION, viewsChanged() {} };
    const owner = memory.register(allocator);
    for (let round = 0; round < REHEARSALS; round++) {
      const run = memory.acquire(2, owner);
      memory.tryExtend(run, 2, 2);
      memory.release(run, 4);
    }
    // V8 compiles several functions together: what runs last is there to bring up those before.
    for (let round = 0; round < LAST_ROUNDS; round++) memory.unregister(memory.register(allocator));
    return true;
  } catch {
    // The engine has no room for another memory, or too little stack is left.
    return false;
  }
}

/**
 * Two memories over the same pages would hand out each other's. O(pages).
 * @throws ERR_MORPH_INVALID_CONFIG when one has pages from `firstPage` on, before anything is grown or written
 */
function refuseRecords(wasm: WasmMemory, firstPage: number): void {
  const pages = wasm.buffer.byteLength / PAGE_BYTES;
  const i32 = new Int32Array(wasm.buffer);
  for (let page = 0; firstPage < pages && page < pages; page++) {
    const records = new Records(i32, page);
    const isOne = records.present && records.get(WORD.firstPage) === page;
    if (isOne && firstPage < records.get(WORD.pageCount)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `firstPage: page ${page} already holds the records of a Morph memory that has the pages from ${firstPage} on`,
      );
    }
  }
}

/** @throws ERR_MORPH_INVALID_CONFIG unless it is an allocator that can be told of growth */
function requireAllocator(allocator: PageOwner): void {
  const suspend: unknown = allocator?.suspend;
  const name: unknown = allocator?.name;
  if (
    typeof name !== "string" ||
    typeof allocator.viewsChanged !== "function" ||
    (suspend !== undefined && typeof suspend !== "function")
  ) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `allocator: expected a name, a contractVersion and viewsChanged(), got ${describe(allocator)}`,
    );
  }
}

function noOwner(owner: number): MorphError {
  return new MorphError("ERR_MORPH_NOT_OWNER", `owner: expected a registered id, got ${describe(owner)}`);
}

function requirePages(name: string, pages: number): void {
  if (!Number.isInteger(pages) || pages < 1) {
    throw new MorphError("ERR_MORPH_INVALID_SIZE", `${name}: expected an integer from 1, got ${describe(pages)}`);
  }
}

/** Grows the engine's memory by `pages`; returns the first of the new pages, or -1 when the engine refuses, or a stand-in has not got them. */
function engineGrow(wasm: WasmMemory, pages: number): number {
  return withoutStackTraces(() => {
    try {
      const first = wasm.grow(pages);
      return wasm.buffer.byteLength >= (first + pages) * PAGE_BYTES ? first : -1;
    } catch {
      return -1;
    }
  });
}
