import type { CollectionStats } from "../allocator.ts";
import type { RootStacks } from "../roots.ts";
import {
  ARRAY_ELEMENT_SIZE,
  ARRAY_LENGTH,
  ARRAY_POINTERS,
  ENTRY_BYTES,
  ENTRY_OCCUPIED,
  ENTRY_VALUE,
  MAP_CAPACITY,
  MAP_KEY_KIND,
  MAP_POINTERS,
} from "../values/layout.ts";
import { ELEMENTS_START, TRACE_ARRAY, TRACE_ELEMENTS, TRACE_FIELDS, TRACE_MAP } from "../values/types.ts";
import type { V1Heap } from "./heap.ts";
import {
  FLAGS,
  FREE_NEXT,
  FREE_PREVIOUS,
  HEADER_BYTES,
  PAGE,
  PAGE_FREE_LIST,
  PAGE_FREE_NEXT,
  PAGE_FREE_PREVIOUS,
  PAGE_LIVE,
  PAGE_NEXT,
  PAGE_SIZE,
  PAGE_START,
  SIZE,
  TYPE,
  V1_PAGE_BYTES,
} from "./layout.ts";
import { MarkStack } from "./mark-stack.ts";
import { Pauses } from "./pauses.ts";
import type { ZombieLog } from "./zombie-log.ts";

/** V1's collector: marks from the roots, precisely by type, sweeps the list of all objects, and recycles pages in which none live. */
export class V1Collector {
  /** By type: objects found dead, and their payload bytes. */
  deadObjects: Float64Array = new Float64Array(128);
  deadPayload: Float64Array = new Float64Array(128);
  /** Called before a collection starts, outside its pause: a replay brings the memory up to date here. */
  beforeCollection: (() => void) | undefined = undefined;
  private readonly heap: V1Heap;
  private readonly roots: RootStacks;
  private readonly log: ZombieLog | undefined;
  private readonly stack: MarkStack;
  private i32: Int32Array;
  private readonly pauses: Pauses = new Pauses();

  /** @param log where dead objects are written */
  constructor(heap: V1Heap, roots: RootStacks, log: ZombieLog | undefined) {
    this.heap = heap;
    this.roots = roots;
    this.log = log;
    this.stack = new MarkStack(heap.memory, heap.footprint);
    this.i32 = heap.i32;
  }

  /** O(objects + pages + live pointers). @throws ERR_MORPH_OUT_OF_MEMORY when the mark stack cannot grow; nothing is freed then */
  collect(): void {
    this.beforeCollection?.();
    const start = performance.now();
    this.heap.footprint.note();
    this.i32 = this.heap.i32;
    this.growCounters();
    try {
      this.mark();
    } catch (error) {
      this.unmark();
      throw error;
    }
    this.heap.footprint.note();
    this.sweep();
    this.recyclePages();
    this.pauses.note(performance.now() - start);
  }

  stats(): CollectionStats {
    return { ...this.pauses.stats(), freedObjects: this.deadObjects.reduce((sum, dead) => sum + dead, 0) };
  }

  destroy(): void {
    this.stack.destroy();
  }

  // --- mark --------------------------------------------------------------------------------------------------------

  private mark(): void {
    this.stack.start();
    const { roots } = this;
    for (const { slots, depth } of roots.stacks()) {
      for (let i = 0; i < depth; i++) this.visit(this.i32[(slots[i] as number) >>> 2] as number);
    }
    for (let i = 0; i < roots.heldCount; i++) this.visit(roots.held[i] as number);
    for (let pointer = this.stack.pop(); pointer !== 0; pointer = this.stack.pop()) this.trace(pointer);
  }

  /** Marks one object and queues it. */
  private visit(pointer: number): void {
    if (pointer === 0) return;
    const i32 = this.i32;
    const word = (pointer - HEADER_BYTES) >>> 2;
    if (i32[word + FLAGS / 4] !== 0) return;
    i32[word + FLAGS / 4] = 1;
    // live bytes of the page
    i32[((i32[word + PAGE / 4] as number) + PAGE_LIVE) >>> 2]! += (i32[word + SIZE / 4] as number) + HEADER_BYTES;
    if (this.stack.push(pointer)) this.i32 = this.heap.i32;
  }

  private trace(pointer: number): void {
    const { types } = this.heap;
    const type = this.i32[(pointer - (HEADER_BYTES - TYPE)) >>> 2] as number;
    const trace = types.traces[type];
    if (trace === TRACE_FIELDS) {
      const end = types.starts[type + 1] as number;
      for (let i = types.starts[type] as number; i < end; i++) {
        this.visit(this.i32[(pointer + (types.offsets[i] as number)) >>> 2] as number);
      }
    } else if (trace === TRACE_ARRAY) this.traceArray(pointer >>> 2);
    else if (trace === TRACE_MAP) this.traceMap(pointer >>> 2);
    else if (trace === TRACE_ELEMENTS) this.traceElements(pointer, type);
  }

  private traceElements(pointer: number, type: number): void {
    const { types } = this.heap;
    const { size, pointerOffsets } = types.infoOf(type);
    const bytes = (this.i32[(pointer - (HEADER_BYTES - SIZE)) >>> 2] as number) >>> 0;
    for (let at = ELEMENTS_START; at + size <= bytes; at += size) {
      for (const offset of pointerOffsets) this.visit(this.i32[(pointer + at + offset) >>> 2] as number);
    }
  }

  private traceArray(array: number): void {
    const data = this.i32[array] as number;
    this.visit(data);
    if (this.i32[array + ARRAY_POINTERS / 4] === 0) return;
    const words = (this.i32[array + ARRAY_ELEMENT_SIZE / 4] as number) >>> 2;
    const first = data >>> 2;
    const end = first + (this.i32[array + ARRAY_LENGTH / 4] as number) * words;
    for (let word = first; word < end; word += words) this.visit(this.i32[word] as number);
  }

  private traceMap(map: number): void {
    const entries = this.i32[map] as number;
    this.visit(entries);
    const keys = this.i32[map + MAP_KEY_KIND / 4] !== 0;
    const values = this.i32[map + MAP_POINTERS / 4] !== 0;
    if (!keys && !values) return;
    const first = entries >>> 2;
    const end = first + (this.i32[map + MAP_CAPACITY / 4] as number) * (ENTRY_BYTES / 4);
    for (let entry = first; entry < end; entry += ENTRY_BYTES / 4) {
      if (this.i32[entry + ENTRY_OCCUPIED / 4] === 0) continue;
      if (keys) this.visit(this.i32[entry] as number);
      if (values) this.visit(this.i32[entry + ENTRY_VALUE / 4] as number);
    }
  }

  /** Takes all marks back. */
  private unmark(): void {
    const { i32 } = this.heap;
    this.i32 = i32;
    for (let header = this.heap.heapHead; header !== 0; header = i32[header >>> 2] as number) {
      i32[(header + FLAGS) >>> 2] = 0;
    }
    for (let page = this.heap.pageHead; page !== 0; page = i32[(page + PAGE_NEXT) >>> 2] as number) {
      i32[(page + PAGE_LIVE) >>> 2] = 0;
    }
  }

  // --- sweep -------------------------------------------------------------------------------------------------------

  private sweep(): void {
    const { heap, log, deadObjects, deadPayload } = this;
    const i32 = heap.i32;
    let { allocated, freeHead, heapHead } = heap;
    let previous = 0;
    for (let header = heapHead; header !== 0; ) {
      const word = header >>> 2;
      const next = i32[word] as number;
      if (i32[word + FLAGS / 4] !== 0) {
        i32[word + FLAGS / 4] = 0;
        previous = header;
      } else {
        if (previous === 0) heapHead = next;
        else i32[previous >>> 2] = next;
        const size = (i32[word + SIZE / 4] as number) >>> 0;
        const type = i32[word + TYPE / 4] as number;
        if (log !== undefined) log.dead((header + HEADER_BYTES) >>> 0, heap.types.infoOf(type).name, size);
        deadObjects[type]!++;
        deadPayload[type]! += size;
        allocated -= size;
        i32[word + FREE_NEXT / 4] = freeHead;
        i32[word + FREE_PREVIOUS / 4] = 0;
        if (freeHead !== 0) i32[(freeHead + FREE_PREVIOUS) >>> 2] = header;
        freeHead = header;
        const list = ((i32[word + PAGE / 4] as number) + PAGE_FREE_LIST) >>> 2;
        const pageFirst = i32[list] as number;
        i32[word + PAGE_FREE_NEXT / 4] = pageFirst;
        i32[word + PAGE_FREE_PREVIOUS / 4] = 0;
        if (pageFirst !== 0) i32[(pageFirst + PAGE_FREE_PREVIOUS) >>> 2] = header;
        i32[list] = header;
      }
      header = next;
    }
    heap.allocated = allocated;
    heap.freeHead = freeHead;
    heap.heapHead = heapHead;
  }

  /** Gives back every page but the current one in which nothing lives. */
  private recyclePages(): void {
    const { heap } = this;
    const { i32 } = heap;
    let previous = 0;
    for (let page = heap.pageHead; page !== 0; ) {
      const next = i32[(page + PAGE_NEXT) >>> 2] as number;
      if (i32[(page + PAGE_LIVE) >>> 2] === 0 && page !== heap.page) {
        for (let header = i32[(page + PAGE_FREE_LIST) >>> 2] as number; header !== 0; ) {
          heap.unlinkFree(header);
          header = i32[(header + PAGE_FREE_NEXT) >>> 2] as number;
        }
        if (previous === 0) heap.pageHead = next;
        else i32[(previous + PAGE_NEXT) >>> 2] = next;
        const bytes = (i32[(page + PAGE_SIZE) >>> 2] as number) >>> 0;
        heap.pages.give((i32[(page + PAGE_START) >>> 2] as number) >>> 0, bytes / V1_PAGE_BYTES);
        heap.descriptors.give(page >>> 0);
        heap.countPage(-bytes);
      } else {
        i32[(page + PAGE_LIVE) >>> 2] = 0;
        previous = page;
      }
      page = next;
    }
  }

  private growCounters(): void {
    const count = this.heap.types.last + 1;
    if (count <= this.deadObjects.length) return;
    for (const name of ["deadObjects", "deadPayload"] as const) {
      const larger = new Float64Array(count * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }
}
