/*
 * A recording's bytes; docs/recording-format.md describes them. Numbers are unsigned LEB128, words and stores what they were.
 */

export const MAGIC: readonly number[] = [0x4d, 0x50, 0x52, 0x43];
export const RECORDING_VERSION = 1;

export const OP_END = 0;
export const OP_ALLOC = 1;
export const OP_COLLECT = 2;
export const OP_PUSH = 3;
export const OP_POP = 4;
export const OP_HOLD = 5;
export const OP_RELEASE = 6;
export const OP_STORE_POINTER = 7;
export const OP_STORE_WORD = 8;
export const OP_COPY = 9;
export const OP_THREAD_NEW = 10;
export const OP_THREAD_SWITCH = 11;
export const OP_THREAD_END = 12;
export const OP_TYPE = 13;
export const OP_REGION = 14;
export const OP_CALL = 15;
