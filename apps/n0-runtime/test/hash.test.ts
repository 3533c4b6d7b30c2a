import fc from "fast-check";
import { expect, test } from "vitest";
import { hash64, hashLow } from "../src/values/hash.ts";

function withBigInt(bytes: Uint8Array): bigint {
  let hash = 14695981039346656037n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 1099511628211n);
  return hash;
}

test("FNV-1a 64 equals the computation with BigInt, and its low half needs 32 bits only", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const expected = withBigInt(bytes);
      const { low, high } = hash64(bytes, 0, bytes.length);
      expect((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)).toBe(expected);
      expect(BigInt(hashLow(bytes, 0, bytes.length) >>> 0)).toBe(expected & 0xffff_ffffn);
    }),
    { numRuns: 500 },
  );
});
