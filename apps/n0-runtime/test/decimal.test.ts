import fc from "fast-check";
import { expect, test } from "vitest";
import { DECIMAL_BYTES, parseDecimal, writeDecimal } from "../src/natives/decimal.ts";
import { words } from "./support.ts";

const LIMITS = [
  0n,
  -1n,
  1n << 31n,
  -(1n << 31n),
  1n << 53n,
  -(1n << 53n) - 1n,
  (1n << 63n) - 1n,
  -(1n << 63n),
  10n ** 18n,
];

const toDecimal = (low: number, high: number): string => {
  const bytes = new Uint8Array(DECIMAL_BYTES);
  return new TextDecoder().decode(bytes.subarray(writeDecimal(bytes, DECIMAL_BYTES, low, high)));
};

const parse = (text: string): bigint | undefined => {
  const parsed = parseDecimal(new TextEncoder().encode(text));
  return parsed && BigInt.asIntN(64, (BigInt(parsed.high) << 32n) | BigInt(parsed.low >>> 0));
};

test("every 64-bit int goes to decimal and back", () => {
  const check = (value: bigint): void => {
    expect(toDecimal(...words(value))).toBe(String(value));
    expect(parse(String(value))).toBe(value);
  };
  LIMITS.forEach(check);
  fc.assert(fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), check), { numRuns: 500 });
});

test.each([
  ["12abc", 12n],
  [" \t\n-7", -7n],
  ["+3", 3n],
  ["9223372036854775808", (1n << 63n) - 1n],
  ["-9223372036854775809", -(1n << 63n)],
  ["999999999999999999999999", (1n << 63n) - 1n],
  ["000000000000000000000000005", 5n],
  ["-0", 0n],
  ["", undefined],
  ["-", undefined],
  ["abc", undefined],
  ["+ 1", undefined],
])("strtol reads %j as %s", (text, expected) => {
  expect(parse(text)).toBe(expected);
});
