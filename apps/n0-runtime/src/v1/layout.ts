/*
 * Byte offsets of V1's fields, as in C: each has 8 bytes, of which the low word is used. Hot methods divide them by 4, to words.
 *
 * The header before each payload, MphObjectHeader:
 *
 *   next 0 ┬ type 8 ┬ flags 16 ┬ last access 24 ┬ swap id 32 ┬ size 40 ┬ page 48 ┬ free next 56 ┬ free prev 64 ┬
 *   page free next 72 ┬ page free prev 80 ┐ payload 88
 *
 * A page's descriptor, MphPage; malloc'd there, a slot of a page of the memory here:
 *
 *   start 8 ┬ used 8 ┬ flags 8 ┬ last access 8 ┬ next 8 ┬ swap id 8 ┬ live bytes 8 ┬ size 8 ┬ free list 8
 */

export const HEADER_BYTES = 88;

/** The next object of the list of all objects. */
export const NEXT = 0;
export const TYPE = 8;
/** 1 when the object is marked, 0 outside collections. */
export const FLAGS = 16;
export const SIZE = 40;
/** The descriptor of the page that the object lies in. */
export const PAGE = 48;
/** The next and the previous dead object, of all and of the page. */
export const FREE_NEXT = 56;
export const FREE_PREVIOUS = 64;
export const PAGE_FREE_NEXT = 72;
export const PAGE_FREE_PREVIOUS = 80;

/** Objects are so many bytes rounded up to 8: added to a size before its low bits are cleared. */
export const HEADER_AND_ROUNDING = 95;
/** A mask for multiples of 8. */
export const MULTIPLE_OF_8 = -8;
/** The largest payload that fits into a page. */
export const LARGEST_IN_PAGE = 4008;

export const DESCRIPTOR_BYTES = 72;
export const PAGE_START = 0;
export const PAGE_USED = 8;
export const PAGE_FLAGS = 16;
export const PAGE_LAST_ACCESS = 24;
export const PAGE_NEXT = 32;
export const PAGE_SWAP_ID = 40;
/** Bytes of marked objects, headers included; 0 outside collections. */
export const PAGE_LIVE = 48;
export const PAGE_SIZE = 56;
/** The first of the page's dead objects. */
export const PAGE_FREE_LIST = 64;

/** Bytes of a V1 page, and how many are in one of the memory's. */
export const V1_PAGE_BYTES = 4096;
export const V1_PAGES_A_PAGE = 16;

/** A block of the mark stack: next, previous and count, then entries of 8 bytes. In words where the stack counts in words. */
export const MARK_BLOCK_BYTES = 8216;
export const MARK_HEAD_WORDS = 6;
export const MARK_ENTRY_WORDS = 2;
export const MARK_ENTRIES_WORDS = 2048;
