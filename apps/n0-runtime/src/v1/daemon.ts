import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { V1Heap } from "./heap.ts";
import { PAGE_FLAGS, PAGE_LAST_ACCESS, PAGE_NEXT, PAGE_SIZE, PAGE_START, PAGE_SWAP_ID } from "./layout.ts";

const SWAPPED = 2;
/** A page untouched for so long is written out. */
const PAGE_IDLE_MS = 10_000;
/** A program that allocated nothing for so long, with so much live, is collected. */
const PROGRAM_IDLE_MS = 2000;
const MIN_HEAP = 1024 * 1024;

/**
 * V1's daemon, a pass at a time: writes idle pages to files and collects when the program is idle. The original then takes the
 * page's bytes away and crashes at the next touch (V1-2), and collects while the program runs (V1-9). Here the bytes stay, because a
 * module reads them directly, and a pass runs when the host calls it: what is left is the work and the files.
 */
export class V1Daemon {
  private readonly heap: V1Heap;
  private readonly folder: string;
  private readonly collect: () => void;
  /** Swap files by id. Not by descriptor: a freed page's is used again. */
  private readonly files: Map<number, string> = new Map();
  private nextId = 1;

  /** @param folder that exists; @param collect collects, and tells the recorder */
  constructor(heap: V1Heap, folder: string, collect: () => void) {
    this.heap = heap;
    this.folder = folder;
    this.collect = collect;
  }

  /** @throws what the file system throws */
  pass(now: number): void {
    const { heap } = this;
    const ids = new Set<number>();
    for (let page = heap.pageHead; page !== 0; page = heap.i32[(page + PAGE_NEXT) >>> 2] as number) {
      const swapped = heap.i32[(page + PAGE_FLAGS) >>> 2] === SWAPPED;
      const idle = now - (heap.i32[(page + PAGE_LAST_ACCESS) >>> 2] as number) > PAGE_IDLE_MS;
      if (!swapped && idle) this.writeOut(page);
      ids.add(heap.i32[(page + PAGE_SWAP_ID) >>> 2] as number);
    }
    for (const id of [...this.files.keys()]) if (!ids.has(id)) this.forget(id);
    if (heap.allocated > MIN_HEAP && now - heap.lastAllocation > PROGRAM_IDLE_MS) {
      heap.lastAllocation = now;
      this.collect();
    }
  }

  /** Deletes the files. */
  destroy(): void {
    for (const id of [...this.files.keys()]) this.forget(id);
  }

  private writeOut(page: number): void {
    const { i32, memory } = this.heap;
    const start = (i32[(page + PAGE_START) >>> 2] as number) >>> 0;
    const size = (i32[(page + PAGE_SIZE) >>> 2] as number) >>> 0;
    const id = this.nextId++;
    const file = join(this.folder, `page_${id}.bin`);
    writeFileSync(file, memory.u8.subarray(start, start + size));
    i32[(page + PAGE_FLAGS) >>> 2] = SWAPPED;
    i32[(page + PAGE_SWAP_ID) >>> 2] = id;
    this.files.set(id, file);
  }

  private forget(id: number): void {
    rmSync(this.files.get(id) as string, { force: true });
    this.files.delete(id);
  }
}
