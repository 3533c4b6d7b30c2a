import { describe, MorphError } from "@morph/memory";
import { type Access, Element, type Extent, type Layout, type Scalar, type Site } from "./struct-field.ts";
import { u8 } from "./types.ts";

/** The types that bit fields can be of. */
type Integer = Element<number, Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array>;

class BitsType implements Scalar<number> {
  readonly assignable: true = true;
  readonly bits: number;
  private readonly unit: Integer;
  private readonly signed: boolean;

  constructor(unit: Integer, bits: number) {
    this.unit = unit;
    this.bits = bits;
    this.signed = unit.kind === "signed";
  }

  extent(layout: Layout): Extent {
    return this.unit.extent(layout);
  }

  bind(site: Site): Access<number, number> {
    return site.unaligned ? this.bytewise(site) : this.inUnit(site);
  }

  toPlain(value: number): number {
    return value;
  }

  private inUnit(site: Site): Access<number, number> {
    const { get, set, check } = this.unit.bind(site);
    const { shift } = site;
    const { signed } = this;
    const above = 32 - shift - this.bits;
    const rest = 32 - this.bits;
    const mask = (-1 >>> rest) << shift;
    return {
      get: () => (signed ? (get() << above) >> rest : (get() << above) >>> rest),
      set: (value) => set((get() & ~mask) | ((value << shift) & mask)),
      check,
    };
  }

  /** In a packed struct a bit field may lie across up to five bytes. */
  private bytewise(site: Site): Access<number, number> {
    const { bits, signed } = this;
    const { shift } = site;
    const count = (shift + bits + 7) >> 3;
    const bytes = Array.from({ length: count }, (_, i) => u8.bind({ ...site, offset: site.offset + i }));
    const read = (): number => bytes.reduce((sum, byte, i) => sum + byte.get() * 2 ** (8 * i), 0);
    return {
      get: () => {
        const value = Math.floor(read() / 2 ** shift) % 2 ** bits;
        return signed && value >= 2 ** (bits - 1) ? value - 2 ** bits : value;
      },
      set: (value) => {
        const whole = read();
        const old = Math.floor(whole / 2 ** shift) % 2 ** bits;
        const now = (value >>> 0) % 2 ** bits;
        const next = whole + (now - old) * 2 ** shift;
        bytes.forEach((byte, i) => {
          byte.set(Math.floor(next / 2 ** (8 * i)));
        });
      },
      check: (value) => {
        for (const byte of bytes) byte.check(value);
      },
    };
  }
}

/**
 * A bit field of `width` bits, as C's `unsigned flags : 3`. Fields that follow each other share units of the type; a field never lies across two units,
 * but in a packed struct. Written values lose their upper bits.
 * @param type an integer of at most 32 bits; of a signed one, the field is signed
 * @throws ERR_MORPH_INVALID_CONFIG for another type, or a width that is not from 1 to the type's bits
 */
export function bits(type: Integer, width: number): Scalar<number> {
  if (!(type instanceof Element) || type.size > 4 || type.kind === "float") {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `type: expected an integer type of at most 32 bits, got ${describe(type)}`,
    );
  }
  if (!Number.isInteger(width) || width < 1 || width > 8 * type.size) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `width: expected an integer from 1 to ${8 * type.size}, got ${describe(width)}`,
    );
  }
  return new BitsType(type, width);
}
