/**
 * Slot sizes in 16 bytes: all up to 256 bytes, above that those that leave little of 4 KiB over. Larger requests go to
 * the space.
 */
export const CLASSES: readonly number[] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 23, 25, 28, 32, 36, 42, 51, 64,
];
/** Slots of a slab. */
export function slotsOf(c: number): number {
  return Math.floor(256 / c);
}

/** A slab with so many slots used, or fewer, is sparse. */
export function sparseSlots(c: number): number {
  return slotsOf(c) >>> 1;
}
