import { describe, MorphError } from "@morph/memory";
import {
  CLASS_BYTES,
  CLASS_MASK,
  FLAGS_MASK,
  FLAGS_SHIFT,
  HEADER_BYTES,
  LARGE_HEADER_BYTES,
  MAX_TYPE,
  SIZE_BEFORE,
  SIZE_SHIFT,
  TYPE_SHIFT,
} from "./layout.ts";

/*
 * A header's signature is what makes a block a live object. That of a small object is tag ^ pointer ^ key, that of a large one
 * ~(tag ^ size ^ pointer ^ key), which with sizes below 2^32 - 1 is never what a small one's would be. A free slot has one as well, link ^
 * slot ^ key: a slot's word index is never its payload's pointer, so that it is never both. The key is a random number that each reset
 * changes, so that a header from before it, of another context, from another address or made by someone else does not fit: of 2^32 wrong
 * pointers one is believed. A signature that does not fit also shows that something wrote over the header, before it is believed.
 */

/** What a header says of its object. */
export interface ObjectHeader {
  /** Payload in bytes, as asked for. */
  size: number;
  /** Type id, 0 to 127. */
  typeId: number;
  /** 0 when the object lies in a slot of a size class, 1 in the arena, 2 in the heap. */
  flags: number;
}

/** An object's type id. */
export function typeOf(tag: number): number {
  return (tag >>> TYPE_SHIFT) & MAX_TYPE;
}

/** 0 in a small object. */
export function flagsOf(tag: number): number {
  return (tag >>> FLAGS_SHIFT) & FLAGS_MASK;
}

/** Bytes of a small object's slot. */
export function slotBytesOf(tag: number): number {
  return ((tag & CLASS_MASK) + 1) * CLASS_BYTES;
}

/** Payload bytes of the object whose tag stands at a word index. */
export function sizeAt(i32: Int32Array, word: number): number {
  const tag = i32[word] as number;
  return flagsOf(tag) === 0 ? tag >>> SIZE_SHIFT : (i32[word - SIZE_BEFORE] as number) >>> 0;
}

/** The signature that fits the header whose tag stands at a word index. */
export function signatureAt(i32: Int32Array, word: number, key: number): number {
  const tag = i32[word] as number;
  const signature = tag ^ ((word * 4 + HEADER_BYTES) | 0) ^ key;
  return flagsOf(tag) === 0 ? signature : ~(signature ^ (i32[word - SIZE_BEFORE] as number));
}

/** Whether the header whose tag stands at a word index is as it was written. */
export function isSignedAt(i32: Int32Array, word: number, key: number): boolean {
  return signatureAt(i32, word, key) === i32[word + 1];
}

/** Whether the slot at a word index has a live object's header: not a large one's, which may have been left there. */
export function isLiveSlot(i32: Int32Array, slot: number, key: number): boolean {
  return flagsOf(i32[slot] as number) === 0 && isSignedAt(i32, slot, key);
}

/** The error about a header that is not as it was written. */
export function overwritten(pointer: number): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `something wrote over the header of the object at ${pointer}`);
}

/** Whether an object may have so many bytes. */
export function isSize(size: number): boolean {
  return Number.isInteger(size) && size >= 0 && size <= 2 ** 32 - LARGE_HEADER_BYTES;
}

/** @throws ERR_MORPH_INVALID_SIZE */
export function requireSize(size: number): void {
  if (!isSize(size)) {
    throw new MorphError("ERR_MORPH_INVALID_SIZE", `size: expected 0 to 2^32 - 16, got ${describe(size)}`);
  }
}
