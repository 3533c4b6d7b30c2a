/*
 * What JavaScript holds on to objects with. The pointers stand in arrays of JavaScript's own, which each collection updates; a handle is a place in one of them.
 */
import { MorphError } from "@morph/memory";

/** A growing array of pointers with a free list. */
class Places {
  values: Int32Array = new Int32Array(64);
  /** Places up to here were in use once. */
  end = 0;
  count = 0;
  private readonly free: number[] = [];

  take(pointer: number): number {
    const place = this.free.pop() ?? this.end++;
    if (place === this.values.length) {
      const longer = new Int32Array(this.values.length * 2);
      longer.set(this.values);
      this.values = longer;
    }
    this.values[place] = pointer;
    this.count++;
    return place;
  }

  release(place: number): void {
    this.values[place] = 0;
    this.count--;
    this.free.push(place);
  }
}

/** A finalizer that has its turn after a collection. */
type Finalizer = () => void;

/** All handles of a collector. */
export class HandleTable {
  readonly strong: Places = new Places();
  readonly weak: Places = new Places();
  /** Places in `weak` whose objects were young at the last collection. */
  private young: number[] = [];
  /** The finalizer of a place in `weak`, where it is one's. */
  private readonly finalizers: Map<number, Finalizer> = new Map();
  /** Finalizers whose objects are gone. */
  readonly due: Finalizer[] = [];
  /** Where handles were made, by place. */
  readonly sites: Map<number, string> | undefined;
  /** Called before a weak handle's object is given out: marking must learn of it. */
  reached: (pointer: number) => void = () => {};

  constructor(traced: boolean) {
    this.sites = traced ? new Map() : undefined;
  }

  open(pointer: number, owner: object): number {
    this.reached(pointer);
    const place = this.strong.take(pointer);
    if (this.sites !== undefined) this.sites.set(place, siteOf(owner));
    return place;
  }

  close(place: number): void {
    this.strong.release(place);
    this.sites?.delete(place);
  }

  openWeak(pointer: number, finalizer: Finalizer | undefined): number {
    const place = this.weak.take(pointer);
    this.young.push(place);
    if (finalizer !== undefined) this.finalizers.set(place, finalizer);
    return place;
  }

  /** Ends a finalizer, unless its place is another's by now. */
  cancel(place: number, finalizer: Finalizer): void {
    if (this.finalizers.get(place) === finalizer) this.closeWeak(place);
  }

  closeWeak(place: number): void {
    this.weak.release(place);
    this.finalizers.delete(place);
  }

  /** Replaces each pointer by what `update` makes of it. O(handles). */
  eachStrong(update: (pointer: number) => number): void {
    const { values, end } = this.strong;
    for (let place = 0; place < end; place++) {
      const pointer = values[place] as number;
      if (pointer !== 0) values[place] = update(pointer);
    }
  }

  /**
   * Replaces each weak pointer by what `update` makes of it; 0 ends it.
   * @param youngOnly those whose objects were young at the last collection
   * @param isYoung whether an object is young still
   */
  eachWeak(youngOnly: boolean, update: (pointer: number) => number, isYoung: (pointer: number) => boolean): void {
    const places = youngOnly ? this.young : Array.from({ length: this.weak.end }, (_, place) => place);
    const young: number[] = [];
    for (const place of places) {
      const before = this.weak.values[place] as number;
      if (before === 0) continue;
      const pointer = update(before);
      this.weak.values[place] = pointer;
      if (pointer === 0) this.end(place);
      else if (isYoung(pointer)) young.push(place);
    }
    this.young = young;
  }

  private end(place: number): void {
    const finalizer = this.finalizers.get(place);
    if (finalizer === undefined) return;
    this.due.push(finalizer);
    this.closeWeak(place);
  }
}

function siteOf(owner: object): string {
  const trace: { stack?: string } = {};
  const { captureStackTrace } = Error as { captureStackTrace?: (target: object, above: object) => void };
  if (captureStackTrace === undefined) return String(new Error("handle").stack ?? "");
  captureStackTrace(trace, owner);
  // Programs may let traces be something else than text.
  return String(trace.stack ?? "")
    .split("\n")
    .slice(1)
    .join("\n");
}

/** Keeps an object alive, and knows where it is. */
export class Handle {
  private place: number;
  private readonly table: HandleTable;

  /** @internal Made by {@link Collector.handle} and {@link Scope.handle}. */
  constructor(table: HandleTable, pointer: number, owner: object) {
    this.table = table;
    this.place = table.open(pointer, owner);
  }

  /** The object's pointer now: it may be another after each call that may collect. O(1). @throws ERR_MORPH_DOUBLE_FREE after {@link release} */
  get pointer(): number {
    if (this.place < 0) throw released("handle");
    return (this.table.strong.values[this.place] as number) >>> 0;
  }

  /** Lets go of the object. O(1). @throws ERR_MORPH_DOUBLE_FREE when that was done */
  release(): void {
    if (this.place < 0) throw released("handle");
    this.table.close(this.place);
    this.place = -1;
  }

  /** `using handle = collector.handle(pointer)` lets go at the end of the block; nothing happens when that was done before. */
  [Symbol.dispose](): void {
    if (this.place >= 0) this.release();
  }
}

/** Handles that end together: `using scope = collector.scope()`. */
export class Scope {
  private readonly table: HandleTable;
  private readonly requireObject: (pointer: number) => number;
  private readonly handles: Handle[] = [];

  /** @internal Made by {@link Collector.scope}. */
  constructor(table: HandleTable, requireObject: (pointer: number) => number) {
    this.table = table;
    this.requireObject = requireObject;
  }

  /** A handle that ends with the scope. O(1). @throws ERR_MORPH_INVALID_POINTER when there is no object */
  handle(pointer: number): Handle {
    const handle = new Handle(this.table, this.requireObject(pointer), this.handle);
    this.handles.push(handle);
    return handle;
  }

  /** Ends its handles; it can be used again. O(handles). */
  [Symbol.dispose](): void {
    for (const handle of this.handles) handle[Symbol.dispose]();
    this.handles.length = 0;
  }
}

/** Knows where an object is, as long as something else keeps it alive. */
export class WeakHandle {
  private place: number;
  private readonly table: HandleTable;

  /** @internal Made by {@link Collector.weak}. */
  constructor(table: HandleTable, pointer: number) {
    this.table = table;
    this.place = table.openWeak(pointer, undefined);
  }

  /** The object's pointer now; 0 when a collection found it dead. O(1). @throws ERR_MORPH_DOUBLE_FREE after {@link release} */
  get pointer(): number {
    if (this.place < 0) throw released("weak handle");
    const pointer = this.table.weak.values[this.place] as number;
    if (pointer !== 0) this.table.reached(pointer);
    return pointer >>> 0;
  }

  /** Ends the handle. O(1). @throws ERR_MORPH_DOUBLE_FREE when that was done */
  release(): void {
    if (this.place < 0) throw released("weak handle");
    this.table.closeWeak(this.place);
    this.place = -1;
  }

  /** `using weak = collector.weak(pointer)` ends it with the block. */
  [Symbol.dispose](): void {
    if (this.place >= 0) this.release();
  }
}

function released(what: string): MorphError {
  return new MorphError("ERR_MORPH_DOUBLE_FREE", `the ${what} was released`);
}
