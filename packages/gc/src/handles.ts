/*
 * What JavaScript holds on to objects with. The pointers stand in arrays of JavaScript's own, which each collection updates; a handle is a place in one of them.
 */
import { MorphError, StackGuard } from "@morph/memory";
import { LAYERS } from "./stack.ts";

const changing = /* @__PURE__ */ new StackGuard(LAYERS);

/** A growing array of pointers with a free list, which knows the places whose objects may be young. */
class Places {
  values: Int32Array = new Int32Array(64);
  /** Places up to here were in use once. */
  end = 0;
  count = 0;
  /** Places that a minor collection looks at; each once, because `listed` says that it stands there. */
  private young: number[] = [];
  private listed: Uint8Array = new Uint8Array(64);
  private readonly free: number[] = [];

  take(pointer: number): number {
    const place = this.free.pop() ?? this.end++;
    if (place === this.values.length) {
      const values = new Int32Array(place * 2);
      values.set(this.values);
      this.values = values;
      const listed = new Uint8Array(place * 2);
      listed.set(this.listed);
      this.listed = listed;
    }
    this.values[place] = pointer;
    this.count++;
    if (this.listed[place] === 0) {
      this.listed[place] = 1;
      this.young.push(place);
    }
    return place;
  }

  release(place: number): void {
    this.values[place] = 0;
    this.count--;
    this.free.push(place);
  }

  /** Calls `update` with each place in use. O(places). */
  each(update: (pointer: number, place: number) => number): void {
    for (let place = 0; place < this.end; place++) {
      const pointer = this.values[place] as number;
      if (pointer !== 0) this.values[place] = update(pointer, place);
    }
  }

  /** The same for those places only whose objects may be young. */
  eachYoung(update: (pointer: number, place: number) => number, isYoung: (pointer: number) => boolean): void {
    const { young, values, listed } = this;
    let kept = 0;
    for (const place of young) {
      const before = values[place] as number;
      const pointer = before === 0 ? 0 : update(before, place);
      values[place] = pointer;
      if (pointer !== 0 && isYoung(pointer)) young[kept++] = place;
      else listed[place] = 0;
    }
    young.length = kept;
  }
}

/** A finalizer that has its turn after a collection. */
type Finalizer = () => void;

/** All handles of a collector. */
export class HandleTable {
  readonly strong: Places = new Places();
  readonly weak: Places = new Places();
  /** The finalizer of a place in `weak`, where it is one's. */
  private readonly finalizers: Map<number, Finalizer> = new Map();
  /** Finalizers whose objects are gone. */
  due: Finalizer[] = [];
  /** Where handles were made, by place. */
  readonly sites: Map<number, string> | undefined;
  /** Called before a weak handle's object is given out: marking must learn of it. */
  reached: (pointer: number) => void = () => {};
  private readonly isYoung: (pointer: number) => boolean;

  /** @param base address of the nursery, signed @param span its bytes */
  constructor(traced: boolean, base: number, span: number) {
    this.sites = traced ? new Map() : undefined;
    this.isYoung = (pointer) => (pointer - base) >>> 0 < span;
  }

  open(pointer: number, owner: object): number {
    changing.require(this.strong.count);
    this.reached(pointer);
    const place = this.strong.take(pointer);
    if (this.sites !== undefined) this.sites.set(place, siteOf(owner));
    return place;
  }

  close(place: number): void {
    changing.require(this.strong.count);
    this.strong.release(place);
    this.sites?.delete(place);
  }

  openWeak(pointer: number): number {
    changing.require(this.weak.count);
    return this.weak.take(pointer);
  }

  /** @returns what takes the finalizer back */
  openFinalizer(pointer: number, callback: Finalizer): () => void {
    changing.require(this.weak.count);
    const place = this.weak.take(pointer);
    let open = true;
    const finalizer = (): void => {
      if (open) callback();
      open = false;
    };
    this.finalizers.set(place, finalizer);
    return () => {
      // When its object is gone already, the place may be another's.
      if (this.finalizers.get(place) === finalizer) this.closeWeak(place);
      open = false;
    };
  }

  closeWeak(place: number): void {
    changing.require(this.weak.count);
    this.forget(place);
  }

  private forget(place: number): void {
    this.weak.release(place);
    this.finalizers.delete(place);
  }

  /** Replaces each pointer by what `update` makes of it. O(handles). @param youngOnly those only whose objects may be young */
  eachStrong(youngOnly: boolean, update: (pointer: number) => number): void {
    if (youngOnly) this.strong.eachYoung(update, this.isYoung);
    else this.strong.each(update);
  }

  /** Replaces each weak pointer by what `update` makes of it; 0 ends it. O(handles). @param youngOnly those only whose objects may be young */
  eachWeak(youngOnly: boolean, update: (pointer: number) => number): void {
    const endDead = (before: number, place: number): number => {
      const pointer = update(before);
      if (pointer === 0) this.end(place);
      return pointer;
    };
    if (youngOnly) this.weak.eachYoung(endDead, this.isYoung);
    else this.weak.each(endDead);
  }

  private end(place: number): void {
    const finalizer = this.finalizers.get(place);
    if (finalizer === undefined) return;
    this.due.push(finalizer);
    this.forget(place);
  }

  /** With the collector all pointers end. */
  clear(): void {
    this.strong.values = this.weak.values = new Int32Array(0);
  }

  /** The finalizers whose turn it is. */
  takeDue(): readonly Finalizer[] {
    const { due } = this;
    this.due = [];
    return due;
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

  /** The object's pointer now: it may be another after each call that may collect. O(1). @throws ERR_MORPH_DOUBLE_FREE after {@link release}, ERR_MORPH_DESTROYED */
  get pointer(): number {
    if (this.place < 0) throw released("handle");
    const pointer = this.table.strong.values[this.place];
    if (pointer === undefined) throw ended();
    return pointer >>> 0;
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
    this.place = table.openWeak(pointer);
  }

  /** The object's pointer now; 0 when a collection found it dead. O(1). @throws ERR_MORPH_DOUBLE_FREE after {@link release}, ERR_MORPH_DESTROYED */
  get pointer(): number {
    if (this.place < 0) throw released("weak handle");
    const pointer = this.table.weak.values[this.place];
    if (pointer === undefined) throw ended();
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

function ended(): MorphError {
  return new MorphError("ERR_MORPH_DESTROYED", "the collector was destroyed");
}
