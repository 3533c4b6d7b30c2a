import { type ObjectEnds, PAGE_BYTES } from "./address-space.ts";

/*
 * What a memory with the option `debugViews` watches: the calls of its allocators. They are found by their names, as methods of the object that
 * an allocator names when it joins; so a memory without the option watches nothing and is not slower.
 */

/** Methods that allocate, besides `realloc` and `tryRealloc`: before each of them the views that were read are detached. */
const ALLOCATING = [
  "acquire",
  "tryAcquire",
  "alloc",
  "allocZeroed",
  "tryAlloc",
  "tryAllocZeroed",
  "malloc",
  "tryMalloc",
  "calloc",
  "tryCalloc",
  "alignedAlloc",
  "tryAlignedAlloc",
] as const;

/** Bytes whose latest end is noted together: no two objects lie in one. */
const WATCHED_BYTES = 8;

/** An allocator's methods that are watched, where it has them. */
type Watched = Partial<Record<string, (...values: unknown[]) => unknown>> & { readonly slotSize?: number };

/** Where an object lies. */
type Extent = readonly [pointer: number, bytes: number];

/** Knows when the objects of a memory have ended: freed, moved, reset or rewound in this thread. */
export class ObjectWatch implements ObjectEnds {
  /** Objects and groups of objects that have ended. A program that keeps a pointer keeps this number with it, and compares it with {@link endedAt}. */
  now = 0;
  private readonly detach: () => void;
  private readonly pages: Map<number, number> = new Map();
  private readonly granules: Map<number, Float64Array> = new Map();
  /** Whether a call is under way: what allocators call of themselves and of each other is part of it. */
  private inside = false;

  /** @param detach detaches the memory's views */
  constructor(detach: () => void) {
    this.detach = detach;
  }

  /** What {@link now} became when the byte at `pointer` last stopped being an object's; 0 when it never did. O(1). */
  endedAt(pointer: number): number {
    const page = Math.floor(pointer / PAGE_BYTES);
    const granule = Math.floor((pointer % PAGE_BYTES) / WATCHED_BYTES);
    return Math.max(this.pages.get(page) ?? 0, this.granules.get(page)?.[granule] ?? 0);
  }

  /**
   * Watches an allocator from now on.
   * @param owned the pages it has
   */
  watch(allocator: object, owned: () => Iterable<Extent>): void {
    const methods = allocator as Watched;
    // Without `free`, objects end all together, or back to a mark.
    const inOrder: Extent[] | undefined = methods.free === undefined ? [] : undefined;
    this.watchEnds(methods, inOrder, owned);
    this.watchAllocations(methods, inOrder);
  }

  /**
   * Detaches the views before each allocation.
   * @param inOrder gets the objects, unless it is undefined
   */
  watchAllocations(allocator: object, inOrder: Extent[] | undefined): void {
    for (const name of ALLOCATING) {
      this.replace(allocator as Watched, name, (call, values) => {
        this.detach();
        const pointer = call();
        if (typeof pointer === "number" && typeof values[0] === "number") inOrder?.push([pointer, values[0]]);
        return pointer;
      });
    }
  }

  private watchEnds(methods: Watched, inOrder: Extent[] | undefined, owned: () => Iterable<Extent>): void {
    const marks = new WeakMap<object, number>();
    this.replace(methods, "free", (call, [pointer]) => {
      const bytes = sizeOf(methods, pointer);
      const result = call();
      this.end([[pointer as number, bytes]]);
      return result;
    });
    for (const name of ["realloc", "tryRealloc"]) {
      this.replace(methods, name, (call, [pointer]) => {
        const bytes = sizeOf(methods, pointer);
        this.detach();
        const result = call();
        if (result !== pointer && result !== 0) this.end([[pointer as number, bytes]]);
        return result;
      });
    }
    for (const name of ["reset", "destroy"]) {
      this.replace(methods, name, (call) => {
        const all = [...owned(), ...liveObjects(methods)];
        const result = call();
        this.end(all);
        inOrder?.splice(0);
        return result;
      });
    }
    this.replace(methods, "mark", (call) => {
      const mark = call();
      if (typeof mark === "object" && mark !== null) marks.set(mark, inOrder?.length ?? 0);
      return mark;
    });
    this.replace(methods, "rewind", (call, [mark]) => {
      const result = call();
      this.end(inOrder?.splice(marks.get(mark as object) ?? 0) ?? []);
      return result;
    });
  }

  /** Replaces a method, if there is one, by a function that calls it. */
  private replace(
    methods: Watched,
    name: string,
    instead: (call: () => unknown, values: readonly unknown[]) => unknown,
  ): void {
    const method = methods[name];
    if (typeof method !== "function") return;
    methods[name] = (...values) => {
      const call = (): unknown => Reflect.apply(method, methods, values);
      if (this.inside) return call();
      this.inside = true;
      try {
        return instead(call, values);
      } finally {
        this.inside = false;
      }
    };
  }

  private end(extents: readonly Extent[]): void {
    this.now++;
    for (const [pointer, bytes] of extents) this.note(pointer, pointer + Math.max(bytes, 1));
  }

  private note(start: number, end: number): void {
    for (let at = start; at < end; ) {
      const page = Math.floor(at / PAGE_BYTES);
      const pageEnd = (page + 1) * PAGE_BYTES;
      if (at === page * PAGE_BYTES && end >= pageEnd) this.pages.set(page, this.now);
      else this.noteGranules(page, at % PAGE_BYTES, Math.min(end, pageEnd) - page * PAGE_BYTES);
      at = pageEnd;
    }
  }

  private noteGranules(page: number, start: number, end: number): void {
    const granules = this.granules.get(page) ?? new Float64Array(PAGE_BYTES / WATCHED_BYTES);
    this.granules.set(page, granules);
    granules.fill(this.now, Math.floor(start / WATCHED_BYTES), Math.ceil(end / WATCHED_BYTES));
  }
}

/** All objects of an allocator that can list them. Its pages may be those of an allocator on which it stands. */
function liveObjects(methods: Watched): Extent[] {
  try {
    const pointers = methods.liveObjects?.() as Iterable<number> | undefined;
    return [...(pointers ?? [])].map((pointer) => [pointer, sizeOf(methods, pointer)]);
  } catch {
    return [];
  }
}

/** Bytes of the object at `pointer`, as far as its allocator says; 0 otherwise, also for values that are no pointer. */
function sizeOf(methods: Watched, pointer: unknown): number {
  if (typeof methods.slotSize === "number") return methods.slotSize;
  try {
    const bytes = methods.usableSize?.(pointer);
    return typeof bytes === "number" ? bytes : 0;
  } catch {
    return 0;
  }
}
