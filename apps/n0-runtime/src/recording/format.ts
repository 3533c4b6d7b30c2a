/*
 * A recording's bytes; docs/recording-format.md describes them. Numbers are unsigned LEB128, words and stores what they were.
 */

export const MAGIC: readonly number[] = [0x4d, 0x50, 0x52, 0x43];
export const RECORDING_VERSION = 3;
/** The oldest that can be read: it has no `elements`. */
export const OLDEST_VERSION = 2;
/** Bytes of the checksum at the end. */
export const CHECKSUM_BYTES = 4;

/** What a record does. */
export const OP = {
  end: 0,
  alloc: 1,
  collect: 2,
  push: 3,
  pop: 4,
  hold: 5,
  release: 6,
  storePointer: 7,
  storeWord: 8,
  copy: 9,
  threadNew: 10,
  threadSwitch: 11,
  threadEnd: 12,
  type: 13,
  region: 14,
  call: 15,
  elements: 16,
} as const;
