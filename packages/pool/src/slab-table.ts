/*
 * Which slots are live is known exactly, outside the slots: a table with two bits for each granule of the address
 * range the pool spans. A granule is the largest power of two that divides the slot size, so that a slot's number is
 * a shift away, and a slot size that is a power of two has one granule a slot.
 *
 *     pointer - lo          granule number i             32-bit word i >>> 4 of the table
 *   ┌───────────────┐  ror  ┌───────────────┐          ┌────┬────┬────┬───────────────┬────┐
 *   │ ...      │ 0  │ ────> │ 0 │           │ ───────> │ 15 │ 14 │ .. │ i & 15        │ 0  │
 *   └───────────────┘ shift └───────────────┘          └────┴────┴────┴───────────────┴────┘
 *                                                        two bits each: 0 neither, 1 live, 2 free
 *
 * Rotating right instead of shifting puts misaligned low bits at the top: i is then past the end of the table, so that
 * one comparison refuses what is outside the range and what is not aligned. Invariant: bit LIVE is set at the first
 * granule of a slot that is handed out, bit FREE at that of a slot on the free list; all other bits are 0.
 */

/** The slot is handed out. */
export const LIVE = 1;
/** The slot is on the free list. */
export const FREE = 2;
