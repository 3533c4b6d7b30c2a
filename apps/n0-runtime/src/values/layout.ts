/*
 * The C layouts (LP64) of what the runtime keeps in the memory: byte offsets of fields. A pointer field is 8 bytes of which the
 * high half is 0, so only its low word is ever read.
 *
 *   string  ┌ data 8 ┬ length 8 ┐                          data block: length + 1 bytes, the last 0
 *   array   ┌ data 8 ┬ length 8 ┬ capacity 8 ┬ element size 8 ┬ pointers 4 ┬ 4 ┐
 *   map     ┌ entries 8 ┬ capacity 8 ┬ count 8 ┬ deleted 8 ┬ key kind 4 ┬ pointers 4 ┐
 *   entry   ┌ key 8 ┬ value 8 ┬ occupied 4 ┬ deleted 4 ┐
 *   closure ┌ function 8 ┬ environment 8 ┐
 *   error   ┌ message 8 ┐
 *   box     ┌ instance 8 ┬ vtable 8 ┬ type id 8 ┐
 *   builder ┌ data 8 ┬ length 8 ┬ capacity 8 ┐            data block: capacity bytes
 *   channel ┌ lock and conditions 136 ┬ buffer 8 ┬ capacity 4 ┬ count 4 ┬ head 4 ┬ tail 4 ┐
 *
 * Hot methods divide them by 4, to words.
 */

export const STRING_LENGTH = 8;
/** Bytes that no allocator has: what C asks for where a string would be too long. */
export const IMPOSSIBLE_BYTES = 0xffff_ffff;

export const ARRAY_LENGTH = 8;
export const ARRAY_CAPACITY = 16;
export const ARRAY_ELEMENT_SIZE = 24;
export const ARRAY_POINTERS = 32;

/** Bytes of an entry, and the offsets of its fields; its key comes first. */
export const ENTRY_BYTES = 24;
export const ENTRY_VALUE = 8;
export const ENTRY_VALUE_HIGH = 12;
export const ENTRY_OCCUPIED = 16;
export const ENTRY_DELETED = 20;

export const MAP_CAPACITY = 8;
export const MAP_COUNT = 16;
export const MAP_DELETED = 24;
/** High halves of capacity and deleted, where objects move: how often they had moved when identity keys found their places. */
export const MAP_OLD_MOVES = 12;
export const MAP_MOVES = 28;
export const MAP_KEY_KIND = 32;
export const MAP_POINTERS = 36;

export const CHANNEL_BYTES = 160;
export const CHANNEL_BUFFER = 136;
export const CHANNEL_CAPACITY = 144;
export const CHANNEL_COUNT = 148;
export const CHANNEL_HEAD = 152;
export const CHANNEL_TAIL = 156;

export const BOX_VTABLE = 8;
export const BOX_TYPE_ID = 16;

export const BUILDER_BYTES = 24;
export const BUILDER_LENGTH = 8;
export const BUILDER_CAPACITY = 16;

/** FNV-1a 64 starts with its basis and multiplies by its prime, 2^40 more than its low part. */
export const FNV_BASIS_LOW = 0x8422_2325;
export const FNV_BASIS_HIGH = 0xcbf2_9ce4;
export const FNV_PRIME_LOW = 0x1b3;
/** What mixes the halves of a hash where strings are hashed by words: an odd number of which every other bit is random, as in MurmurHash3's end. */
export const HASH_SHIFT = 15;
export const HASH_FACTOR = 0x85eb_ca6b;
/** What the high word of a 64-bit number counts. */
export const HIGH_WORD = 0x1_0000_0000;
