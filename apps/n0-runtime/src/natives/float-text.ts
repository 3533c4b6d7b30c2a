/**
 * The shortest decimal digits that read back as the same float, always with a point and never with an exponent, as Morph's
 * literals are written: `0.1`, `1.0`, `100000000000000000000000.0`; `inf`, `-inf`, `nan`.
 */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  // JavaScript's text has the shortest digits, but exponents too, and no sign of -0.
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [mantissa, exponent = "0"] = String(Math.abs(value)).split("e") as [string, string?];
  const [whole, fraction = ""] = mantissa.split(".") as [string, string?];
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.slice(0, point).padEnd(point, "0")}.${digits.slice(point) || "0"}`;
}

/** A number at the start of a text. */
const FLOAT = /^[ \t-\r]*([+-]?(?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))/i;

/**
 * C's strtod: leading blanks, a sign, digits with a point, an exponent, or `inf` and `nan`; whatever follows is ignored. Rounded
 * to the nearest float.
 * @returns undefined when there is no number
 */
export function parseFloatPrefix(bytes: Uint8Array): number | undefined {
  const match = FLOAT.exec(new TextDecoder("latin1").decode(bytes));
  if (match === null) return undefined;
  const text = match[1]!.toLowerCase();
  if (text.endsWith("nan")) return Number.NaN;
  if (text.endsWith("inf")) return text.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}
