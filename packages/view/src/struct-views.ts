import type { AddressSpace } from "@morph/memory";
import { describe, MorphError } from "@morph/memory";
import { isMemory } from "./allocator.ts";

/** The views of one memory, kept so that reading a field costs no call. All structs on that memory share them. */
export class StructViews {
  readonly memory: AddressSpace;
  u8!: Uint8Array;
  i8!: Int8Array;
  u16!: Uint16Array;
  i16!: Int16Array;
  u32!: Uint32Array;
  i32!: Int32Array;
  f32!: Float32Array;
  f64!: Float64Array;
  u64!: BigUint64Array;
  i64!: BigInt64Array;
  /** For fields that lie at any address. */
  data!: DataView;

  constructor(memory: AddressSpace) {
    this.memory = memory;
    this.renew();
    // Growth that the memory knows of is learnt here. Accessors find all other growth by themselves, but V8 makes slower code of those that did.
    memory.onGrow(() => this.renew());
    memory.onDestroy?.(() => this.end());
  }

  /** Lets go of the views of a memory that is gone: each access then comes to {@link late}, and learns that from the memory. */
  private end(): void {
    const buffer = new ArrayBuffer(0);
    this.show({
      u8: new Uint8Array(buffer),
      i8: new Int8Array(buffer),
      u16: new Uint16Array(buffer),
      i16: new Int16Array(buffer),
      u32: new Uint32Array(buffer),
      i32: new Int32Array(buffer),
      f32: new Float32Array(buffer),
      f64: new Float64Array(buffer),
      u64: new BigUint64Array(buffer),
      i64: new BigInt64Array(buffer),
    });
  }

  /** Takes the memory's current views. O(1). */
  renew(): void {
    this.show(this.memory);
  }

  private show(memory: Views): void {
    this.u8 = memory.u8;
    this.i8 = memory.i8;
    this.u16 = memory.u16;
    this.i16 = memory.i16;
    this.u32 = memory.u32;
    this.i32 = memory.i32;
    this.f32 = memory.f32;
    this.f64 = memory.f64;
    this.u64 = memory.u64;
    this.i64 = memory.i64;
    this.data = new DataView(this.u8.buffer);
  }
}

type ViewName = "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64" | "u64" | "i64";
type Views = Pick<AddressSpace, ViewName>;

const known: WeakMap<AddressSpace, StructViews> = /* @__PURE__ */ new WeakMap();

/**
 * The views of a memory, the same for all who ask.
 * @throws ERR_MORPH_INVALID_CONFIG when it is no memory
 */
export function viewsOf(memory: AddressSpace): StructViews {
  let views = known.get(memory);
  if (views === undefined) {
    if (!isMemory(memory)) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `memory: expected a LinearMemory, got ${describe(memory)}`);
    }
    views = new StructViews(memory);
    known.set(memory, views);
  }
  return views;
}

/**
 * An element that the view did not have: a growth has detached it, or another thread's growth has brought the element, or there is none.
 * @throws ERR_MORPH_INVALID_POINTER when there is none, ERR_MORPH_BUSY when that comes up in a growth listener, ERR_MORPH_DESTROYED when the memory was
 */
export function late<Name extends ViewName>(
  views: StructViews,
  name: Name,
  index: number,
): NonNullable<StructViews[Name][number]> {
  views.renew();
  if (views[name][index] === undefined) {
    // Another thread's growth is learnt by an operation of the memory alone.
    views.memory.refresh();
    views.renew();
  }
  const value = views[name][index];
  if (value === undefined) {
    throw new MorphError(
      "ERR_MORPH_INVALID_POINTER",
      `expected a struct in the memory's ${views.u8.length} bytes, got null, a pointer that is not aligned for it, or an index that the array does not have`,
    );
  }
  return value as NonNullable<StructViews[Name][number]>;
}
