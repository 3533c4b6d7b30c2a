/** A signed 64-bit int in decimal, from its words. Exact, without BigInt. */
export function toDecimal(low: number, high: number): string {
  if (high === low >> 31) return String(low | 0);
  if (high >= -0x20_0000 && high < 0x20_0000) return String(high * 0x1_0000_0000 + (low >>> 0));
  const negative = high < 0;
  const [l, h] = negative ? [-low | 0, (~high + (low === 0 ? 1 : 0)) | 0] : [low, high];
  // Long division by 10^9 of four 16-bit digits: every step is below 2^53.
  const digits = [h >>> 16, h & 0xffff, l >>> 16, l & 0xffff];
  let text = "";
  while (digits.some((digit) => digit !== 0)) {
    let remainder = 0;
    for (let i = 0; i < 4; i++) {
      const part = remainder * 0x1_0000 + (digits[i] as number);
      digits[i] = Math.floor(part / 1e9);
      remainder = part % 1e9;
    }
    text = String(remainder).padStart(9, "0") + text;
  }
  return (negative ? "-" : "") + text.replace(/^0+/, "");
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
