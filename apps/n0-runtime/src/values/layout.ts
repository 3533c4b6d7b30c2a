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
 *   channel ┌ lock and conditions 136 ┬ buffer 8 ┬ capacity 4 ┬ count 4 ┬ head 4 ┬ tail 4 ┐
 *
 * Hot methods write these as literals: bundlers turn a module's `const` into `var`, which V8 loads and checks.
 */

export const ARRAY_LENGTH = 8;
export const ARRAY_CAPACITY = 16;
export const ARRAY_ELEMENT_SIZE = 24;
export const ARRAY_POINTERS = 32;

/** Bytes of an entry, and the offsets of its fields; its key comes first. */
export const ENTRY_BYTES = 24;
export const ENTRY_VALUE = 8;
export const ENTRY_OCCUPIED = 16;
export const ENTRY_DELETED = 20;

export const MAP_CAPACITY = 8;
export const MAP_KEY_KIND = 32;
export const MAP_POINTERS = 36;

export const CHANNEL_BYTES = 160;
export const CHANNEL_BUFFER = 136;
export const CHANNEL_CAPACITY = 144;
