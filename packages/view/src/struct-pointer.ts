import { type AddressSpace, describe, MorphError } from "@morph/memory";
import type { Access, ColumnScalar, Extent, Layout, Site } from "./struct-field.ts";
import { u32 } from "./types.ts";

class PointerType implements ColumnScalar<number, Uint32Array> {
  readonly assignable: true = true;
  private readonly target: () => unknown;
  /** Bits that are 0 in a right pointer. All of them until the target is asked: structs may be defined in any order. */
  private wrong = -1;

  constructor(target: () => unknown) {
    if (typeof target !== "function") {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `pointer: expected a function that returns a struct, got ${describe(target)}`,
      );
    }
    this.target = target;
  }

  extent(layout: Layout): Extent {
    return u32.extent(layout);
  }

  bind(site: Site): Access<number, number> {
    const { get, set, check } = u32.bind(site);
    return {
      get,
      set: (value) => {
        if (typeof value !== "number" || (value & this.wrong) !== 0 || value >>> 0 !== value) this.require(value);
        set(value);
      },
      check: (value) => {
        this.require(value);
        check(value);
      },
    };
  }

  toPlain(value: number): number {
    return value;
  }

  column(memory: AddressSpace, pointer: number, bytes: number): Uint32Array {
    return u32.column(memory, pointer, bytes);
  }

  private require(value: number): void {
    const align = (this.target() as { readonly align?: unknown } | undefined)?.align;
    if (typeof align !== "number") {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", "pointer: expected a function that returns a struct");
    }
    this.wrong = align - 1;
    if (typeof value === "number" && value >>> 0 === value && (value & this.wrong) === 0) return;
    throw new MorphError(
      "ERR_MORPH_INVALID_POINTER",
      `expected 0 or a pointer that is a multiple of ${align}, got ${describe(value)}`,
    );
  }
}

/**
 * A pointer, 32 bits: read unsigned, 0 is null. What is written must be 0 or aligned for its target.
 * @param target returns the struct that it points to, which may be defined later; without one, to anything
 * @throws ERR_MORPH_INVALID_CONFIG when it is no function
 */
export function pointer(target: () => void = () => ({ align: 1 })): ColumnScalar<number, Uint32Array> {
  return new PointerType(target);
}
