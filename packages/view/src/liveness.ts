import { type AddressSpace, MorphError } from "@morph/memory";

/*
 * Use after free. A memory with the option `debugViews` knows when its objects ended; in others all of this is one comparison. Whoever shows an object keeps the
 * moment at which it came to know its pointer, and asks before each use whether the object has ended since.
 */

/** The moment now: what is live now has not ended after it. O(1). */
export function momentNow(memory: AddressSpace): number {
  return memory.objectEnds?.now ?? 0;
}

/**
 * Refuses an object that has ended since a moment. Only in a memory with the option `debugViews`; otherwise it does nothing. O(1).
 * @param moment what {@link momentNow} gave when the pointer was known to be live
 * @param what shows the object, for the message
 * @throws ERR_MORPH_USE_AFTER_FREE, ERR_MORPH_DESTROYED
 */
export function requireLive(memory: AddressSpace, pointer: number, moment: number, what: string): void {
  const ends = memory.objectEnds;
  // A memory that was destroyed gives no view.
  if (ends !== undefined && memory.u8.length > 0 && ends.endedAt(pointer) > moment) {
    throw new MorphError(
      "ERR_MORPH_USE_AFTER_FREE",
      `${what}: the object at ${pointer} was freed, moved or reset since it is shown`,
    );
  }
}
