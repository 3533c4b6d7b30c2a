/**
 * FNV-1a. The low 32 bits of a 64-bit product depend on nothing but the low 32 bits of its factors, so that the low half of FNV-1a 64
 * is a chain of 32-bit products with the low half of its prime, 0x100000001b3. A map's capacity is a power of two up to 2^32: its
 * entries are placed by the low half alone.
 */
export function hashLow(u8: Uint8Array, start: number, length: number): number {
  let hash = 0x84222325 | 0;
  for (let at = start, end = start + length; at < end; at++) hash = Math.imul(hash ^ (u8[at] as number), 0x1b3);
  return hash;
}

/** All 64 bits of FNV-1a 64, as signed words. O(length). */
export function hash64(u8: Uint8Array, start: number, length: number): { low: number; high: number } {
  let low = 0x84222325;
  let high = 0xcbf29ce4 | 0;
  for (let at = start, end = start + length; at < end; at++) {
    low = (low ^ (u8[at] as number)) >>> 0;
    // (high, low) * (2^40 + 0x1b3): below 2^41, so exact.
    const product = low * 0x1b3;
    high = (Math.imul(high, 0x1b3) + Math.floor(product / 0x1_0000_0000) + (low << 8)) | 0;
    low = product >>> 0;
  }
  return { low: low | 0, high };
}
