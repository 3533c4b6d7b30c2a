/** The most bytes of a 64-bit int in decimal, its sign included. */
export const DECIMAL_BYTES = 20;

const BILLION = 1_000_000_000;

/**
 * Writes a signed 64-bit int in decimal, from its words, so that its last digit stands right before `end`. Exact, without BigInt
 * and without a string on the way.
 * @returns where it starts, at most {@link DECIMAL_BYTES} before `end`
 */
export function writeDecimal(target: Uint8Array, end: number, low: number, high: number): number {
  const negative = high < 0;
  // The magnitude, as two unsigned words: of the smallest int it is 2^63.
  const l = (negative ? -low : low) >>> 0;
  const h = (negative ? ~high + (low === 0 ? 1 : 0) : high) >>> 0;
  let start = end;
  if (h === 0) {
    start = writeDigits(target, start, l, 1);
  } else {
    // Long division by 10^9: of h first, then of what is left in front of the 16-bit halves of l; every step is below 2^53.
    const upper = (h % BILLION) * 0x1_0000 + (l >>> 16);
    const lower = (upper % BILLION) * 0x1_0000 + (l & 0xffff);
    const quotient =
      Math.floor(h / BILLION) * 0x1_0000_0000 + Math.floor(upper / BILLION) * 0x1_0000 + Math.floor(lower / BILLION);
    start = writeDigits(target, start, lower % BILLION, 9);
    const top = Math.floor(quotient / BILLION);
    start = writeDigits(target, start, quotient % BILLION, top > 0 ? 9 : 1);
    if (top > 0) start = writeDigits(target, start, top, 1);
  }
  if (negative) target[--start] = 0x2d;
  return start;
}

/** Writes an unsigned 32-bit number before `end`, with at least so many digits. */
function writeDigits(target: Uint8Array, end: number, value: number, least: number): number {
  let at = end;
  for (let rest = value; rest > 0 || end - at < least; ) {
    const quotient = Math.floor(rest / 10);
    target[--at] = 0x30 + rest - quotient * 10;
    rest = quotient;
  }
  return at;
}

/** What {@link parseDecimal} found. */
export interface Parsed {
  readonly low: number;
  readonly high: number;
}

/**
 * C's strtol in base 10: leading blanks, a sign, digits; whatever follows is ignored, and the limits of 64 bits saturate.
 * @returns undefined when there is no digit
 */
export function parseDecimal(bytes: Uint8Array): Parsed | undefined {
  let at = 0;
  while (bytes[at] === 32 || ((bytes[at] as number) >= 9 && (bytes[at] as number) <= 13)) at++;
  const negative = bytes[at] === 45;
  if (negative || bytes[at] === 43) at++;
  const first = at;
  let low = 0;
  let high = 0;
  let saturated = false;
  for (; ; at++) {
    const digit = (bytes[at] ?? 0) - 48;
    if (digit < 0 || digit > 9) break;
    if (saturated) continue;
    const sum = low * 10 + digit;
    low = sum % 0x1_0000_0000;
    high = high * 10 + Math.floor(sum / 0x1_0000_0000);
    saturated = high > 0x7fff_ffff;
  }
  if (at === first) return undefined;
  if (saturated) return negative ? { low: 0, high: -0x8000_0000 } : { low: -1, high: 0x7fff_ffff };
  return negative ? { low: -low | 0, high: (~high + (low === 0 ? 1 : 0)) | 0 } : { low: low | 0, high };
}
