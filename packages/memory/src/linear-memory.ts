import { type AddressSpace, CONTRACT_VERSION, PAGE_BYTES, type PageOwner, requireContract } from "./address-space.ts";
import { describe, MorphError } from "./errors.ts";
import { FOREIGN, FREE, MEMORY_ITSELF, WORD } from "./header.ts";
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

  /**
   * Makes a memory of its own, or takes over the pages of a WebAssembly module's memory from `firstPage` on. The
   * memory's records take one page.
   * @throws ERR_MORPH_INVALID_CONFIG for an option out of range, or when those pages already hold a Morph memory;
   *   ERR_MORPH_OUT_OF_MEMORY when the engine cannot reserve so much
   */
  constructor(options: LinearMemoryOptions = {}) {
    const { wasm, firstPage, maxPages } = backingOf(options);
    const needed = firstPage + recordPages(Math.max(wasm.buffer.byteLength / PAGE_BYTES, firstPage + 1));
    const missing = needed - wasm.buffer.byteLength / PAGE_BYTES;
    if (needed > maxPages || (missing > 0 && engineGrow(wasm, missing) < 0)) {
      throw new MorphError(
        "ERR_MORPH_OUT_OF_MEMORY",
        `the memory cannot be grown to ${needed} pages, which its records need`,
      );
    }
    this.wasm = wasm;
    this.shared = !(wasm.buffer instanceof ArrayBuffer);
    this.views = new Views(wasm.buffer);
    this.records = new Records(this.views.i32, firstPage);
    if (this.records.present) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `page ${firstPage} already holds the records of a Morph memory`);
    }
    this.records.write(firstPage, wasm.buffer.byteLength / PAGE_BYTES, maxPages);
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
  get pageMap(): number {
    this.current();
    return this.records.get(WORD.map) >>> 0;
  }
  get pageMapLength(): number {
    this.current();
    return this.records.get(WORD.mapLength);
  }

  register(allocator: PageOwner): number {
    requireContract(this.contractVersion, allocator);
    this.current();
    const id = this.records.get(WORD.nextOwner);
    this.records.set(WORD.nextOwner, id + 1);
    this.owners.set(id, allocator);
    return id;
  }

  unregister(owner: number): void {
    this.requireOwner(owner);
    this.refresh();
    const end = this.records.knownPages();
    for (let page = this.records.get(WORD.firstPage); page < end; page++) {
      if (this.records.owner(page) === owner) this.records.free(page, 1);
    }
    this.owners.delete(owner);
  }

  acquire(pages: number, owner: number): number {
    requirePages("pages", pages);
    this.requireOwner(owner);
    this.refresh();
    return this.take(pages, owner);
  }

  tryExtend(pointer: number, pages: number, more: number): boolean {
    requirePages("pages", pages);
    requirePages("more", more);
    this.refresh();
    const first = this.requireRun(pointer, pages);
    const next = first + pages;
    if (!this.records.isRunOf(next, more, FREE)) {
      const free = this.records.tailRun();
      // Only a run that the memory's end, or its free tail, follows can be grown.
      if (next + free !== this.records.get(WORD.pageCount) || free >= more) return false;
      // Growing may move the page map or wake a listener that takes the pages: look again.
      if (!this.tryGrow(more - free) || !this.records.isRunOf(next, more, FREE)) return false;
    }
    this.records.claim(next, more, this.records.owner(first));
    return true;
  }

  release(pointer: number, pages: number): void {
    requirePages("pages", pages);
    this.refresh();
    this.records.free(this.requireRun(pointer, pages), pages);
  }

  acquireTable(bytes: number): number {
    this.refresh();
    const size = this.tableBytes(bytes);
    const pointer = size >= PAGE_BYTES ? this.take(size / PAGE_BYTES, MEMORY_ITSELF) : this.takeSmallTable(size);
    this.views.u8.fill(0, pointer, pointer + size);
    return pointer;
  }

  releaseTable(pointer: number, bytes: number): void {
    this.refresh();
    const size = this.tableBytes(bytes);
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
    const buffer = this.wasm.buffer;
    if (buffer === this.views.buffer) return false;
    this.adopt(buffer.byteLength / PAGE_BYTES);
    this.announce();
    return true;
  }

  onGrow(listener: (pages: number) => void): () => void {
    // Wrapped, so that one function subscribed twice is two subscriptions.
    const entry = (pages: number): void => listener(pages);
    this.listeners.add(entry);
    return () => {
      this.listeners.delete(entry);
    };
  }

  /** The views, made anew when the memory grew behind our back. */
  private current(): Views {
    // Growth detaches an unshared buffer, which a length shows for less than asking the engine for the buffer.
    if (this.shared || this.views.u8.length === 0) this.refresh();
    return this.views;
  }

  private take(pages: number, owner: number): number {
    let page = this.records.findRun(pages);
    // Again after growing: a listener may have taken some of the new pages.
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
    const mapPage = mapMoves ? this.records.findRun(Records.fullMapPages) : 0;
    const least = need + (mapMoves && mapPage === 0 ? Records.fullMapPages : 0);
    const room = this.records.get(WORD.maxPages) - count;
    if (least > room) return false;
    const generous = Math.min(Math.max(least, count >>> 2), mapMoves ? room : Math.min(room, mapLength - count));
    let ours = engineGrow(this.wasm, generous);
    if (ours < 0 && generous > least) ours = engineGrow(this.wasm, least);
    if (ours < 0) return false;

    // On a shared memory someone else may have grown it in between: pages from the old count up to `ours`.
    this.adopt(ours);
    if (mapMoves) this.records.moveMap(mapPage || ours, ours);
    this.announce();
    return true;
  }

  /** Takes note that the memory has grown; pages from the old count up to `ours` belong to someone else. */
  private adopt(ours: number): void {
    this.views = new Views(this.wasm.buffer);
    this.records.i32 = this.views.i32;
    this.records.extend(ours, this.views.buffer.byteLength / PAGE_BYTES);
  }

  private announce(): void {
    for (const owner of this.owners.values()) owner.viewsChanged();
    const pages = this.records.get(WORD.pageCount);
    for (const listener of [...this.listeners]) listener(pages);
  }

  private requireOwner(owner: number): void {
    if (!this.owners.has(owner)) {
      throw new MorphError("ERR_MORPH_NOT_OWNER", `owner: expected a registered id, got ${describe(owner)}`);
    }
  }

  /** Number of the first page of a run that one allocator owns. */
  private requireRun(pointer: number, pages: number): number {
    const owner = this.ownerOf(pointer);
    const page = pointer / PAGE_BYTES;
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
