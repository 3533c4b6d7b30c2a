import { type AddressSpace, describe, MorphError, requireOptions, requireStack, StackGuard } from "@morph/memory";
import {
  type Allocator,
  allocate,
  given,
  isAllocator,
  isMemory,
  NATURAL_ALIGN,
  requireAllocator,
} from "./allocator.ts";
import type { LeakGuard } from "./leak-guard.ts";
import { momentNow, requireLive } from "./liveness.ts";
import { refuse } from "./refuse.ts";
import { LAYERS } from "./stack.ts";

// One is enough: what a method calls once the allocator has done its part is what `array` has called as well.
const changing = /* @__PURE__ */ new StackGuard(LAYERS);

/** Any typed array. `Float16Array` is one, too, where the engine has it. */
export interface ElementArray {
  readonly BYTES_PER_ELEMENT: number;
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly length: number;
}

/** A class of typed arrays: `Float32Array`. */
export interface ElementType<View extends ElementArray> {
  readonly prototype: View;
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
}

/** How to make a block. */
export interface ArrayOptions {
  /** The pointer is a multiple of it: a power of two up to 65,536. Default: the size of an element. */
  align?: number;
  /** Whether its elements are 0 at first, also those that {@link Block.resize} adds; otherwise they are whatever the bytes held. Default false. */
  zeroed?: boolean;
  /** Reports the block when it is collected and nobody has freed it. */
  guard?: LeakGuard;
}

/** What a worker needs to take a block up: plain data, to be posted. */
export interface BlockHandle {
  /** The name of the element type: `"Float32Array"`. */
  readonly type: string;
  /** Elements. */
  readonly length: number;
  /** Of the first element; 0 when there is none. */
  readonly pointer: number;
  /** Pointer of the allocator's object that the block lies in. */
  readonly base: number;
  /** What the block was made with, as in {@link ArrayOptions}. */
  readonly align: number;
  /** What the block was made with, as in {@link ArrayOptions}. */
  readonly zeroed: boolean;
}

/** Where a block's bytes are, for those who free it; apart from it, so that it can be collected. */
interface Place {
  readonly allocator: Partial<Allocator> & { readonly memory: AddressSpace };
  /** The allocator's object, 0 when there is none: a block without elements. */
  base: number;
}

/** The length of no view: {@link Block.view} then looks closer. */
const LOOK = -1;
const MAX_ALIGN = 65536;

/** The blocks of all views, and of those that came before them. */
const blocks: WeakMap<object, Block<ElementArray>> = new WeakMap();

/**
 * A typed array that lives in linear memory and whose {@link view} is always current. {@link array} makes one.
 *
 * It owns its bytes until {@link free}; it must be freed by that, and not by its allocator.
 */
export class Block<View extends ElementArray> {
  // The hot fields.
  private current: View;
  /** The length of a view that is as it should be. */
  private expected: number;
  private elements: number;
  private at = 0;
  private moment = 0;
  private freed = false;
  private readonly type: ElementType<View>;
  private readonly place: Place;
  private readonly align: number;
  private readonly zeroed: boolean;
  private readonly guard: LeakGuard | undefined;

  /** Made by {@link array} and {@link blockAt}. */
  constructor(type: ElementType<View>, place: Place, handle: BlockHandle, guard: LeakGuard | undefined) {
    this.type = type;
    this.place = place;
    this.align = handle.align;
    this.zeroed = handle.zeroed;
    this.guard = guard;
    this.elements = handle.length;
    this.expected = 0;
    this.current = this.show(handle.pointer);
    guard?.watch(this, this.name, () => {
      if (place.base !== 0) place.allocator.free?.(place.base);
    });
  }

  /**
   * The elements, as a typed array that is current now: the same one until the memory grows or the block is resized. O(1). In a loop, read it once
   * before: as quick as any typed array. Do not keep it over what may allocate.
   * @throws ERR_MORPH_USE_AFTER_FREE when the block was freed; with `debugViews` also when its object was freed otherwise
   */
  get view(): View {
    const view = this.current;
    return view.length === this.expected ? view : this.look();
  }

  /** How many elements there are. O(1). */
  get length(): number {
    return this.elements;
  }

  /** Of the first element; 0 when there is none. It changes in {@link resize}. O(1). */
  get pointer(): number {
    return this.at;
  }

  /**
   * Makes it longer or shorter; elements up to the lesser length keep their values. Views taken before show the old place. O(1) when it stays where it is, O(length) when
   * it moves.
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_USE_AFTER_FREE, and what the allocator throws; then nothing has changed
   */
  resize(length: number): void {
    this.requireUsable();
    const bytes = bytesOf(this.type, length);
    if (length === this.elements) return;
    changing.require(length);
    const before = this.elements * this.type.BYTES_PER_ELEMENT;
    const pointer = bytes === 0 ? this.release() : before === 0 ? this.take(bytes) : this.move(before, bytes);
    this.elements = length;
    this.current = this.show(pointer);
  }

  /**
   * Gives its bytes back. An arena keeps them until it is reset. O(1).
   * @throws ERR_MORPH_DOUBLE_FREE when that was done before, ERR_MORPH_INVALID_CONFIG when the block can only be looked at, and what the allocator
   *   throws; then nothing has changed
   */
  free(): void {
    if (this.freed) throw new MorphError("ERR_MORPH_DOUBLE_FREE", `${this.name} was freed`);
    this.requireUsable();
    changing.require(this.elements);
    this.release();
    this.freed = true;
    this.expected = LOOK;
    this.guard?.forget(this);
  }

  /** `using block = array(...)` frees it at the end of the scope, unless it was before. One that can only be looked at just ends. */
  [Symbol.dispose](): void {
    if (!this.freed && isAllocator(this.place.allocator)) this.free();
    this.freed = true;
    this.expected = LOOK;
  }

  /** What another thread needs for {@link blockAt}. Both show the same bytes, and one of them frees these. O(1). */
  handle(): BlockHandle {
    this.requireUsable();
    const { align, zeroed } = this;
    return { type: this.type.name, length: this.elements, pointer: this.at, base: this.place.base, align, zeroed };
  }

  /** The slow path of {@link view}: growth has detached it, or each use is to be looked at. */
  private look(): View {
    this.requireUsable();
    if (this.current.length !== this.elements) this.current = this.show(this.at);
    return this.current;
  }

  /** Makes a view of what lies at `pointer`, and expects it from now on. */
  private show(pointer: number): View {
    const { memory } = this.place.allocator;
    this.at = pointer;
    this.moment = momentNow(memory);
    this.expected = memory.objectEnds === undefined ? this.elements : LOOK;
    // Without elements it shows no memory, so that no growth detaches it.
    const view = this.elements === 0 ? this.make(new ArrayBuffer(0), 0) : this.make(memory.u8.buffer, pointer);
    blocks.set(view, this as unknown as Block<ElementArray>);
    return view;
  }

  private make(buffer: ArrayBufferLike, pointer: number): View {
    const { type } = this as unknown as { type: new (buffer: ArrayBufferLike, at: number, length: number) => View };
    return new type(buffer, pointer, this.elements);
  }

  /** Pointer of a new object's bytes. */
  private take(bytes: number): number {
    const { place, align, zeroed } = this;
    place.base = allocate(requireAllocator(place.allocator), bytes, align, zeroed);
    return alignUp(place.base, align);
  }

  /** Gives the object back. @returns the pointer of nothing */
  private release(): number {
    const { place } = this;
    if (place.base !== 0) requireAllocator(place.allocator).free?.(place.base);
    place.base = 0;
    return 0;
  }

  /** Pointer of the bytes when there are `bytes` of them instead of `before`. */
  private move(before: number, bytes: number): number {
    const { place, align } = this;
    const allocator = requireAllocator(place.allocator);
    const { memory } = allocator;
    let pointer = this.at;
    if (allocator.realloc !== undefined && align <= NATURAL_ALIGN) {
      pointer = place.base = given(allocator, allocator.realloc(place.base, bytes), bytes);
      if (this.zeroed && bytes > before) memory.u8.fill(0, pointer + before, pointer + bytes);
    } else if (bytes > before) {
      // The allocator may ask for stack again when it frees the old one.
      requireStack(LAYERS);
      const old = place.base;
      pointer = this.take(bytes);
      memory.u8.copyWithin(pointer, this.at, this.at + before);
      this.freeOld(old);
    }
    return pointer;
  }

  /** Frees the object that the block has left; when that is refused, the block goes back to it. */
  private freeOld(old: number): void {
    const { place } = this;
    try {
      place.allocator.free?.(old);
    } catch (error) {
      place.allocator.free?.(place.base);
      place.base = old;
      throw error;
    }
  }

  private requireUsable(): void {
    if (this.freed) throw new MorphError("ERR_MORPH_USE_AFTER_FREE", `${this.name} was freed`);
    if (this.place.base !== 0) requireLive(this.place.allocator.memory, this.at, this.moment, this.name);
  }

  private get name(): string {
    return `${this.type.name} of ${this.elements}`;
  }
}

/**
 * A typed array in linear memory: `array(heap, Float32Array, 1000)`. O(1), O(length) with `zeroed` where the bytes were used before.
 * @param allocator gives the bytes; any allocator of Morph memory, a pool as far as its slots reach
 * @param type the class of its views
 * @param length how many elements, from 0
 * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_INVALID_SIZE, ERR_MORPH_INVALID_ALIGNMENT, and what the allocator throws
 */
export function array<View extends ElementArray>(
  allocator: Allocator,
  type: ElementType<View>,
  length: number,
  options: ArrayOptions = {},
): Block<View> {
  requireOptions(options, ["align", "zeroed", "guard"]);
  requireAllocator(allocator);
  requireType(type);
  const { align = type.BYTES_PER_ELEMENT, zeroed = false, guard } = options;
  requireAlign(align);
  requireZeroed(zeroed);
  requireGuard(guard);
  const bytes = bytesOf(type, length);
  changing.require(length);
  const whole = Math.max(align, type.BYTES_PER_ELEMENT);
  const base = bytes === 0 ? 0 : allocate(allocator, bytes, whole, zeroed);
  const handle = { type: type.name, length, pointer: alignUp(base, whole), base, align: whole, zeroed };
  try {
    return new Block(type, { allocator, base }, handle, guard);
  } catch (error) {
    // A class or a guard of the program's own has thrown.
    if (base !== 0) allocator.free?.(base);
    throw error;
  }
}

/**
 * Takes up a block that another thread made, from what its {@link Block.handle} gave. O(1).
 * @param allocator of this thread, over the same memory: a context or an allocator that was attached. With a memory alone, as `{ memory }`, the block can be
 *   looked at, and neither resized nor freed
 * @throws ERR_MORPH_INVALID_CONFIG when it is of another type, or not in this memory
 */
export function blockAt<View extends ElementArray>(
  allocator: Allocator | { readonly memory: AddressSpace },
  type: ElementType<View>,
  handle: BlockHandle,
): Block<View> {
  requireType(type);
  const memory = allocator?.memory;
  if (!isMemory(memory)) refuse("ERR_MORPH_INVALID_CONFIG", "an allocator, or { memory }", allocator);
  if (handle?.type !== type.name) {
    refuse("ERR_MORPH_INVALID_CONFIG", `the handle of a ${type.name}`, handle?.type);
  }
  const { pointer, base, align, zeroed } = handle;
  requireAlign(align);
  requireZeroed(zeroed);
  const bytes = bytesOf(type, handle.length);
  // A block without elements is nowhere.
  const isPlaced =
    bytes === 0
      ? pointer === 0 && base === 0
      : Number.isInteger(base) && base > 0 && Number.isInteger(pointer) && pointer >= base && pointer % align === 0;
  if (!isPlaced || pointer % type.BYTES_PER_ELEMENT !== 0 || pointer + bytes > memory.u8.length) {
    const expected = `the handle of a block in this memory of ${memory.u8.length} bytes`;
    refuse(
      "ERR_MORPH_INVALID_CONFIG",
      expected,
      `pointer ${describe(pointer)} in ${describe(base)}, length ${handle.length}`,
    );
  }
  return new Block(type, { allocator, base: handle.base }, handle, undefined);
}

/**
 * The block that a view is of, also one that growth or {@link Block.resize} has replaced; undefined for what is no block's {@link Block.view}, such as
 * a part of one. O(1).
 */
export function blockOf<View extends ElementArray>(view: View): Block<View> | undefined {
  return blocks.get(view) as Block<View> | undefined;
}

/** The next multiple, also above 2^31. */
function alignUp(pointer: number, align: number): number {
  return Math.ceil(pointer / align) * align;
}

/** @throws ERR_MORPH_INVALID_SIZE */
function bytesOf(type: ElementType<ElementArray>, length: number): number {
  const size = type.BYTES_PER_ELEMENT;
  const most = Math.floor((2 ** 32 - MAX_ALIGN) / size);
  if (!(Number.isInteger(length) && length >= 0 && length <= most)) {
    refuse("ERR_MORPH_INVALID_SIZE", `a length from 0 to ${most}`, length);
  }
  return length * size;
}

/** @throws ERR_MORPH_INVALID_ALIGNMENT */
function requireAlign(align: number): void {
  if (!(Number.isInteger(align) && align > 0 && align <= MAX_ALIGN && (align & (align - 1)) === 0)) {
    refuse("ERR_MORPH_INVALID_ALIGNMENT", `a power of two from 1 to ${MAX_ALIGN}`, align);
  }
}

/** @throws ERR_MORPH_INVALID_CONFIG */
function requireType(type: ElementType<ElementArray>): void {
  const size: unknown = type?.BYTES_PER_ELEMENT;
  if (!(typeof type === "function" && typeof size === "number")) {
    refuse("ERR_MORPH_INVALID_CONFIG", "a typed array class", type);
  }
}

/** @throws ERR_MORPH_INVALID_CONFIG */
function requireZeroed(zeroed: unknown): void {
  if (typeof zeroed !== "boolean") refuse("ERR_MORPH_INVALID_CONFIG", "zeroed: a boolean", zeroed);
}

function requireGuard(guard: LeakGuard | undefined): void {
  if (guard !== undefined && typeof guard?.watch !== "function") {
    refuse("ERR_MORPH_INVALID_CONFIG", "a LeakGuard", guard);
  }
}
