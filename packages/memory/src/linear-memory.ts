import { type AddressSpace, CONTRACT_VERSION, PAGE_BYTES, type PageOwner, requireContract } from "./address-space.ts";
import { describe, MorphError } from "./errors.ts";
import { FIRST_OWNER, FOREIGN, FREE, FULL_MAP_PAGES, LAYOUT_VERSION, MEMORY_ITSELF, WORD } from "./header.ts";
import { backingOf, type LinearMemoryOptions, MAX_PAGES } from "./options.ts";
import { MIN_TABLE, Records, recordPages } from "./records.ts";
import { Views } from "./views.ts";

/**
 * One address space: hands out runs of pages, remembers whose they are, grows, and keeps everybody's views current.
 * It knows nothing of allocators but their names; its records (page map, free runs, side tables) lie in the memory
 * itself.
 */
export class LinearMemory implements AddressSpace {
  readonly contractVersion: number = CONTRACT_VERSION;
  readonly wasm: WebAssembly.Memory;
  readonly shared: boolean;

  private views: Views;
  private readonly records: Records;
  private readonly owners: Map<number, PageOwner> = new Map();
  private readonly listeners: Set<(pages: number) => void> = new Set();
  /** Operations under way; listeners are called after the outermost. */
  private depth = 0;
  private unheard = false;

  /**
   * Makes a memory of its own, takes over the pages of a WebAssembly module's memory from `firstPage` on, or continues a
   * memory that another thread made there (`attach`). The memory's records take one page.
   * @throws ERR_MORPH_INVALID_CONFIG for an option out of range, when those pages already hold a Morph memory, or when
   *   there is none to attach to; ERR_MORPH_VERSION when that one is of another version; ERR_MORPH_OUT_OF_MEMORY when the
   *   engine cannot reserve so much
   */
  constructor(options: LinearMemoryOptions = {}) {
    const { wasm, firstPage, maxPages, attach } = backingOf(options);
    this.wasm = wasm;
    this.shared = !(wasm.buffer instanceof ArrayBuffer);
    if (attach) {
      this.views = new Views(wasm.buffer);
      this.records = new Records(this.views.i32, firstPage);
      this.requireRecords(firstPage);
      return;
    }
    const needed = firstPage + recordPages(Math.max(wasm.buffer.byteLength / PAGE_BYTES, firstPage + 1));
    const missing = needed - wasm.buffer.byteLength / PAGE_BYTES;
    if (needed > maxPages || (missing > 0 && engineGrow(wasm, missing) < 0)) {
      throw new MorphError(
        "ERR_MORPH_OUT_OF_MEMORY",
        `the memory cannot be grown to ${needed} pages, which its records need`,
      );
    }
    this.views = new Views(wasm.buffer);
    this.records = new Records(this.views.i32, firstPage);
    if (this.records.present) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `page ${firstPage} already holds the records of a Morph memory`);
    }
    const pageCount = wasm.buffer.byteLength / PAGE_BYTES;
    this.records.write(firstPage, pageCount, maxPages, "wasm" in options ? pageCount : 0);
  }

  get u8(): Uint8Array {
    return this.current().u8;
  }
  get i8(): Int8Array {
    return this.current().i8;
  }
  get u16(): Uint16Array {
    return this.current().u16;
  }
  get i16(): Int16Array {
    return this.current().i16;
  }
  get u32(): Uint32Array {
    return this.current().u32;
  }
  get i32(): Int32Array {
    return this.current().i32;
  }
  get f32(): Float32Array {
    return this.current().f32;
  }
  get f64(): Float64Array {
    return this.current().f64;
  }
  get u64(): BigUint64Array {
    return this.current().u64;
  }
  get i64(): BigInt64Array {
    return this.current().i64;
  }

  get firstPage(): number {
    this.current();
    return this.records.get(WORD.firstPage);
  }
  /** Size of the memory in pages, whoever owns them. O(1). */
  get pageCount(): number {
    return this.current().buffer.byteLength / PAGE_BYTES;
  }
  /** The size in pages that this memory never grows past by itself. O(1). */
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
  get untouchedFrom(): number {
    this.current();
    return this.records.get(WORD.untouched) * PAGE_BYTES;
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
    requireContract(this.contractVersion, allocator);
    this.current();
    const next = this.records.get(WORD.nextOwner);
    if (owner !== undefined && !(Number.isInteger(owner) && owner >= FIRST_OWNER && owner < next)) {
      throw new MorphError("ERR_MORPH_NOT_OWNER", `owner: expected an id given before, got ${describe(owner)}`);
    }
    const id = owner ?? this.records.takeOwner();
    this.owners.set(id, allocator);
    return id;
  }

  unregister(owner: number): void {
    this.requireOwner(owner);
    this.atomically(() => {
      this.refresh();
      const end = this.records.knownPages();
      for (let page = this.records.get(WORD.firstPage); page < end; page++) {
        if (this.records.owner(page) === owner) this.records.free(page, 1);
      }
      this.owners.delete(owner);
    });
  }

  acquire(pages: number, owner: number): number {
    requirePages("pages", pages);
    this.requireOwner(owner);
    return this.atomically(() => this.take(pages, owner));
  }

  tryExtend(pointer: number, pages: number, more: number): boolean {
    requirePages("pages", pages);
    requirePages("more", more);
    return this.atomically(() => {
      this.refresh();
      const first = this.requireRun(pointer, pages);
      const next = first + pages;
      if (!this.records.isRunOf(next, more, FREE)) {
        const free = this.records.tailRun();
        // Only a run that the memory's end, or its free tail, follows can be grown.
        if (next + free !== this.records.get(WORD.pageCount) || !this.tryGrow(more - free)) return false;
        // On a shared memory someone else may have grown it in between.
        if (!this.records.isRunOf(next, more, FREE)) return false;
      }
      this.records.claim(next, more, this.records.owner(first));
      return true;
    });
  }

  release(pointer: number, pages: number): void {
    requirePages("pages", pages);
    this.refresh();
    this.records.free(this.requireRun(pointer, pages), pages);
  }

  acquireTable(bytes: number): number {
    const size = this.tableBytes(bytes);
    return this.atomically(() => {
      const pointer = size >= PAGE_BYTES ? this.take(size / PAGE_BYTES, MEMORY_ITSELF) : this.takeSmallTable(size);
      this.views.u8.fill(0, pointer, pointer + size);
      return pointer;
    });
  }

  releaseTable(pointer: number, bytes: number): void {
    this.refresh();
    const size = this.tableBytes(bytes);
    const lowest = this.records.lowestTable();
    if (this.ownerOf(pointer) !== MEMORY_ITSELF || pointer % MIN_TABLE !== 0 || pointer < lowest) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `expected the pointer of a table of ${size} bytes, got ${describe(pointer)}`,
      );
    }
    if (size >= PAGE_BYTES) this.records.free(pointer / PAGE_BYTES, size / PAGE_BYTES);
    else this.records.pushTable(pointer, size);
  }

  tableBytes(bytes: number): number {
    if (!Number.isInteger(bytes) || bytes < 1 || bytes > MAX_PAGES * PAGE_BYTES) {
      throw new MorphError(
        "ERR_MORPH_INVALID_SIZE",
        `bytes: expected an integer from 1 to 2^32, got ${describe(bytes)}`,
      );
    }
    if (bytes > PAGE_BYTES / 2) return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
    return bytes <= MIN_TABLE ? MIN_TABLE : 1 << (32 - Math.clz32(bytes - 1));
  }

  ownerOf(pointer: number): number {
    this.current();
    if (!Number.isInteger(pointer) || pointer < 0) return FOREIGN;
    const page = Math.floor(pointer / PAGE_BYTES);
    return page < this.records.knownPages() ? this.records.owner(page) : FOREIGN;
  }

  refresh(): boolean {
    let changed = this.mayBeOld() && this.refreshViews();
    if (this.views.buffer.byteLength / PAGE_BYTES < this.records.get(WORD.pageCount)) {
      // Another thread grew the memory, and the engine has not told this one yet: asking it to grow by nothing makes it.
      engineGrow(this.wasm, 0);
      changed = this.refreshViews() || changed;
    }
    const pages = this.views.buffer.byteLength / PAGE_BYTES;
    // Pages that the records do not know were brought by someone else.
    if (pages > this.records.get(WORD.pageCount)) this.records.extend(pages, pages, pages);
    return changed;
  }

  atomically<T>(action: () => T): T {
    this.depth++;
    try {
      return action();
    } finally {
      if (--this.depth === 0 && this.unheard) this.callListeners();
    }
  }

  onGrow(listener: (pages: number) => void): () => void {
    if (typeof listener !== "function") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `listener: expected a function, got ${describe(listener)}`);
    }
    // Wrapped, so that one function subscribed twice is two subscriptions.
    const entry = (pages: number): void => listener(pages);
    this.listeners.add(entry);
    return () => {
      this.listeners.delete(entry);
    };
  }

  /** The views, made anew when the memory grew behind our back. */
  private current(): Views {
    if (this.mayBeOld()) this.refreshViews();
    return this.views;
  }

  /** Growth detaches an unshared buffer, which a length shows for less than asking the engine for the buffer. */
  private mayBeOld(): boolean {
    return this.shared || this.views.u8.length === 0;
  }

  /**
   * Takes new views when the memory has grown, whoever grew it. Does not touch the records: on a shared memory another
   * thread may be about to.
   */
  private refreshViews(): boolean {
    if (this.wasm.buffer === this.views.buffer) return false;
    this.views = new Views(this.wasm.buffer);
    this.records.i32 = this.views.i32;
    for (const owner of this.owners.values()) owner.viewsChanged();
    this.unheard = true;
    if (this.depth === 0) this.callListeners();
    return true;
  }

  private callListeners(): void {
    this.unheard = false;
    for (const listener of [...this.listeners]) {
      if (!this.listeners.has(listener)) continue;
      try {
        listener(this.views.buffer.byteLength / PAGE_BYTES);
      } catch (error) {
        // What was allocated is allocated: a listener's error must not take its pointer away. It is uncaught instead.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    // Again when one of them grew it behind our back: whoever is at work goes on with views that are good.
    this.refreshViews();
  }

  private take(pages: number, owner: number): number {
    this.refresh();
    let page = this.records.findRun(pages);
    // Again after growing: on a shared memory someone else may have grown it in between.
    while (page === 0) {
      if (!this.tryGrow(pages - this.records.tailRun())) {
        throw new MorphError(
          "ERR_MORPH_OUT_OF_MEMORY",
          `no run of ${pages} free pages: the memory has ${this.pageCount} pages, ${this.footprint / PAGE_BYTES} in use, at most ${this.maxPages}, and cannot be grown by what is missing`,
        );
      }
      page = this.records.findRun(pages);
    }
    this.records.claim(page, pages, owner);
    return page * PAGE_BYTES;
  }

  private takeSmallTable(bytes: number): number {
    let pointer = this.records.popTable(bytes);
    if (pointer === 0) {
      this.records.addTablePage(this.take(1, MEMORY_ITSELF));
      pointer = this.records.popTable(bytes);
    }
    return pointer;
  }

  /**
   * Grows by `need` pages or, so that many small requests cause few growths, by a quarter of the size.
   * @returns false when the maximum is reached or the engine refuses; then nothing has changed
   */
  private tryGrow(need: number): boolean {
    const count = this.records.get(WORD.pageCount);
    const mapLength = this.records.get(WORD.mapLength);
    const mapMoves = count + need > mapLength;
    const least = need + (mapMoves ? FULL_MAP_PAGES : 0);
    const room = this.records.get(WORD.maxPages) - count;
    if (least > room) return false;
    let pages = Math.min(Math.max(least, count >>> 2), mapMoves ? room : Math.min(room, mapLength - count));
    let first = engineGrow(this.wasm, pages);
    if (first < 0 && pages > least) {
      pages = least;
      first = engineGrow(this.wasm, pages);
    }
    if (first < 0) return false;

    // On a shared memory someone else may have grown it just before or after: only these pages are ours.
    this.refreshViews();
    this.records.extend(first, first + pages, this.views.buffer.byteLength / PAGE_BYTES);
    // The map goes to the end of what was grown, out of the way of runs that grow.
    if (mapMoves) {
      this.records.moveMap(first, first + pages);
      for (const owner of this.owners.values()) owner.viewsChanged();
    }
    return true;
  }

  private requireRecords(firstPage: number): void {
    if (firstPage >= this.pageCount || !this.records.present) {
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
    if (!this.owners.has(owner)) {
      throw new MorphError("ERR_MORPH_NOT_OWNER", `owner: expected a registered id, got ${describe(owner)}`);
    }
  }

  /** Number of the first page of a run that one allocator owns. */
  private requireRun(pointer: number, pages: number): number {
    const owner = this.ownerOf(pointer);
    const page = typeof pointer === "number" ? pointer / PAGE_BYTES : Number.NaN;
    if (owner === FREE) {
      throw new MorphError("ERR_MORPH_DOUBLE_FREE", `the page at ${describe(pointer)} is free already`);
    }
    if (owner === FOREIGN || owner === MEMORY_ITSELF || page % 1 !== 0 || !this.records.isRunOf(page, pages, owner)) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `expected the pointer of ${pages} pages acquired by one owner, got ${describe(pointer)}`,
      );
    }
    return page;
  }
}

function requirePages(name: string, pages: number): void {
  if (!Number.isInteger(pages) || pages < 1) {
    throw new MorphError("ERR_MORPH_INVALID_SIZE", `${name}: expected an integer from 1, got ${describe(pages)}`);
  }
}

/** Grows the engine's memory by `pages`; returns the first of the new pages, or -1 when the engine refuses. */
function engineGrow(wasm: WebAssembly.Memory, pages: number): number {
  try {
    return wasm.grow(pages);
  } catch {
    return -1;
  }
}
