/*
 * The directory of named pointers: a side table of 64 entries, whose word index is in the memory's head (`rootTable` in `head-words.ts`). It is made when
 * the first name is set.
 *
 *   byte 0       4        8                     128
 *   ┌───────────┬────────┬─────────────────────┐
 *   │ pointer   │ length │ name, UTF-16        │     pointer 0: an unused entry
 *   └───────────┴────────┴─────────────────────┘
 */

/** Entries of the table: more names than a program has kinds of tables. */
export const ROOTS = 64;
/** Words of an entry, and bytes of the table. */
export const ROOT_WORDS = 32;
export const ROOT_TABLE_BYTES = 8192;
/** Words of an entry: the pointer, the name's UTF-16 units, and the first word of the name, two units each. */
export const POINTER = 0;
export const LENGTH = 1;
export const NAME = 2;
/** The most UTF-16 units of a name. */
export const MAX_NAME = 60;
