// By hand, because an AudioWorklet has neither TextEncoder nor TextDecoder.

const REPLACEMENT = 0xfffd;

/** A string's bytes in UTF-8; half a surrogate pair becomes U+FFFD. O(length). */
export function encodeUtf8(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const given = character.codePointAt(0) as number;
    const code = given >= 0xd800 && given <= 0xdfff ? REPLACEMENT : given;
    if (code < 0x80) bytes.push(code);
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), continuation(code));
    else if (code < 0x1_0000) bytes.push(0xe0 | (code >> 12), continuation(code >> 6), continuation(code));
    else bytes.push(0xf0 | (code >> 18), continuation(code >> 12), continuation(code >> 6), continuation(code));
  }
  return bytes;
}

/** The string that UTF-8 bytes stand for; what is none becomes U+FFFD, byte for byte. O(length). */
export function decodeUtf8(bytes: ArrayLike<number>): string {
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] as number;
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    let code = length === 1 ? first : first & (0xff >> (length + 1));
    for (let i = 1; i < length; i++) code = (code << 6) | ((bytes[at + i] as number) & 0x3f);
    // Written back, it must be what was read: nothing else is well-formed.
    const character = code <= 0x10_ffff ? String.fromCodePoint(code) : "";
    const back = encodeUtf8(character);
    const sound = back.length === length && back.every((byte, i) => byte === bytes[at + i]);
    text += sound ? character : String.fromCodePoint(REPLACEMENT);
    at += sound ? length : 1;
  }
  return text;
}

function continuation(code: number): number {
  return 0x80 | (code & 0x3f);
}
