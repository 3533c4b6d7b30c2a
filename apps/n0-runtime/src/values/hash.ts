import { FNV_BASIS_HIGH, FNV_BASIS_LOW, FNV_PRIME_LOW, HASH_FACTOR, HASH_SHIFT, HIGH_WORD } from "./layout.ts";

/**
 * FNV-1a. The low 32 bits of a 64-bit product depend on nothing but the low 32 bits of its factors, so that the low half of FNV-1a 64
 * is a chain of 32-bit products with the low half of its prime, 0x100000001b3. A map's capacity is a power of two up to 2^32: its
 * entries are placed by the low half alone.
 */
export function hashLow(u8: Uint8Array, start: number, length: number): number {
  let hash = FNV_BASIS_LOW | 0;
  for (let at = start, end = start + length; at < end; at++) hash = Math.imul(hash ^ (u8[at] as number), FNV_PRIME_LOW);
  return hash;
}

/**
 * The same steps for four bytes at a time, of a string with zeros behind it up to a multiple of 4, where objects move. A byte's high bits reach only the bits above them, so
 * high and low halves are mixed at the end. Generated code does the same.
 * @param start word index of the first byte
 */
export function hashWords(i32: Int32Array, start: number, length: number): number {
  let hash = FNV_BASIS_LOW | 0;
  for (let at = start, end = start + ((length + 3) >>> 2); at < end; at++) {
    hash = Math.imul(hash ^ (i32[at] as number), FNV_PRIME_LOW);
  }
  hash = Math.imul(hash ^ (hash >>> HASH_SHIFT), HASH_FACTOR);
  return hash ^ (hash >>> HASH_SHIFT);
}

/** All 64 bits of FNV-1a 64, as signed words. O(length). */
export function hash64(u8: Uint8Array, start: number, length: number): { low: number; high: number } {
  let low = FNV_BASIS_LOW;
  let high = FNV_BASIS_HIGH | 0;
  for (let at = start, end = start + length; at < end; at++) {
    low = (low ^ (u8[at] as number)) >>> 0;
    // (high, low) * (2^40 + 0x1b3): below 2^41, so exact.
    const product = low * FNV_PRIME_LOW;
    high = (Math.imul(high, FNV_PRIME_LOW) + Math.floor(product / HIGH_WORD) + (low << 8)) | 0;
    low = product >>> 0;
  }
  return { low: low | 0, high };
}
