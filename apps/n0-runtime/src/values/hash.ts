import { FNV_BASIS_HIGH, FNV_BASIS_LOW, FNV_PRIME_LOW, HIGH_WORD } from "./layout.ts";

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
