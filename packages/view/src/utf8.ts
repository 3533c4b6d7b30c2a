/*
 * UTF-8 as TextEncoder and TextDecoder (with `ignoreBOM`) make it, between a string and bytes in a memory, without a copy where they take the memory's own bytes.
 * They do not where the bytes are shared, in browsers; and an AudioWorklet has neither. Half a surrogate pair is written as U+FFFD; bytes
 * that are not UTF-8 are read as U+FFFD, one for each longest beginning of a character (https://encoding.spec.whatwg.org/#utf-8-decoder).
 */

/** A copy of shared bytes up to so many is kept, to be written over by the next. */
const MAX_SCRATCH_BYTES = 1 << 20;
/** UTF-16 units that are worked on at once. */
const CHUNK_UNITS = 1024;
/** Up to so many units are counted, and up to so many bytes copied, quickest one by one. */
const SHORT_UNITS = 64;
const FEW_BYTES = 24;

// Made at the first use, so that to load this module does nothing; null where the engine has none.
let theDecoder: TextDecoder | null | undefined;
let theEncoder: TextEncoder | null | undefined;
let scratch: Uint8Array | undefined;

/** Bytes that a text takes. O(length). */
export function utf8Length(text: string): number {
  const encoder = text.length > SHORT_UNITS ? encoderHere() : null;
  return encoder === null ? countByHand(text) : countBy(encoder, text);
}

/** Ten times as quick as by hand: the encoder writes a long text piece by piece over the same bytes. */
function countBy(encoder: TextEncoder, text: string): number {
  const room = scratchOf(3 * CHUNK_UNITS);
  let bytes = 0;
  for (let start = 0; start < text.length; ) {
    let end = start + CHUNK_UNITS;
    // A pair stays together.
    if ((text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
    bytes += encoder.encodeInto(text.slice(start, end), room).written;
    start = end;
  }
  return bytes;
}

function countByHand(text: string): number {
  const { length } = text;
  let bytes = length;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair takes four bytes, where two units alone would take three each.
    if ((unit & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) i++;
  }
  return bytes;
}

/** Writes a text of `bytes` bytes to `start`. O(length). */
export function encodeUtf8(text: string, u8: Uint8Array, start: number, bytes: number): void {
  const encoder = encoderHere();
  if (encoder !== null) {
    try {
      encoder.encodeInto(text, u8.subarray(start, start + bytes));
      return;
    } catch {
      // An engine that takes no shared bytes.
    }
  }
  encodeByHand(text, u8, start);
}

/** The text of the bytes from `start` to `end`. O(length). */
export function decodeUtf8(u8: Uint8Array, start: number, end: number, shared: boolean): string {
  const decoder = decoderHere();
  if (decoder === null) return decodeByHand(u8, start, end);
  return decoder.decode(shared ? unshared(u8, start, end) : u8.subarray(start, end));
}

function encoderHere(): TextEncoder | null {
  if (theEncoder === undefined) {
    const encoder = typeof TextEncoder === "function" ? new TextEncoder() : null;
    // What fills in for a missing one often lacks the method.
    theEncoder = typeof encoder?.encodeInto === "function" ? encoder : null;
  }
  return theEncoder;
}

function decoderHere(): TextDecoder | null {
  if (theDecoder === undefined) {
    const decoder = typeof TextDecoder === "function" ? new TextDecoder("utf-8", { ignoreBOM: true }) : null;
    theDecoder = typeof decoder?.decode === "function" ? decoder : null;
  }
  return theDecoder;
}

/** A copy, until the next is made. */
function unshared(u8: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (length > MAX_SCRATCH_BYTES) return u8.slice(start, end);
  // V8 copies shared bytes by words where both lie alike.
  const first = start % 8;
  const copy = scratchOf(first + length).subarray(first, first + length);
  if (length > FEW_BYTES) copy.set(u8.subarray(start, end));
  else for (let i = 0; i < length; i++) copy[i] = u8[start + i] as number;
  return copy;
}

/** At least so many bytes of our own. */
function scratchOf(bytes: number): Uint8Array {
  if (scratch === undefined || scratch.length < bytes) scratch = new Uint8Array(Math.max(2 * bytes, 4096));
  return scratch;
}

function encodeByHand(text: string, u8: Uint8Array, start: number): void {
  let at = start;
  for (let i = 0; i < text.length; i++) {
    let code = text.codePointAt(i) as number;
    if (code >= 0x1_0000) i++;
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (code < 0x80) {
      u8[at++] = code;
      continue;
    }
    const more = code < 0x800 ? 1 : code < 0x1_0000 ? 2 : 3;
    // The first byte says with how many ones it begins how many bytes there are.
    u8[at++] = (0xff00 >> (more + 1)) | (code >> (6 * more));
    for (let shift = 6 * (more - 1); shift >= 0; shift -= 6) u8[at++] = 0x80 | ((code >> shift) & 0x3f);
  }
}

function decodeByHand(u8: Uint8Array, start: number, end: number): string {
  let text = "";
  const units: number[] = [];
  for (let at = start; at < end; ) {
    const first = u8[at++] as number;
    const more = first < 0x80 ? 0 : first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
    let code = more < 0 ? 0xfffd : more === 0 ? first : first & (0x3f >> more);
    for (let i = 0; i < more; i++) {
      const byte = at < end ? (u8[at] as number) : 0;
      if (!isNext(first, i, byte)) {
        code = 0xfffd;
        break;
      }
      code = (code << 6) | (byte & 0x3f);
      at++;
    }
    if (code < 0x1_0000) units.push(code);
    else units.push(0xd7c0 + (code >> 10), 0xdc00 | (code & 0x3ff));
    if (units.length >= CHUNK_UNITS) text += String.fromCharCode(...units.splice(0));
  }
  return text + String.fromCharCode(...units);
}

/** Whether a byte may be the one at `index` after the first: nothing is longer than it must be, half a surrogate pair, or beyond U+10FFFF. */
function isNext(first: number, index: number, byte: number): boolean {
  if (index > 0) return byte >= 0x80 && byte < 0xc0;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0xa0 : first === 0xf4 ? 0x90 : 0xc0;
  return byte >= low && byte < high;
}
