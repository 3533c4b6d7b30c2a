const WORDS = 8;
const HIGH_WORD = 2 ** 32;

// As in native/record.c.
const ALLOCATE = 1;
const REALLOCATE = 2;
const FREE = 3;

/** A trace's text and what it is of. */
export interface Rep {
  readonly text: string;
  readonly operations: number;
}

/**
 * Makes a trace of what native/record.c wrote: every allocation gets an id, which it keeps when it is reallocated. Frees of
 * what was not recorded are left out. O(requests).
 */
export const repOf = (requests: Uint32Array): Rep => {
  const lines: string[] = [];
  const live = new Map<number, { id: number; size: number }>();
  let ids = 0;
  let liveBytes = 0;
  let peakLive = 0;
  const word = (at: number): number => requests[at]! + requests[at + 1]! * HIGH_WORD;
  for (let at = 0; at + WORDS <= requests.length && requests[at] !== 0; at += WORDS) {
    const code = requests[at]!;
    const size = word(at + 2);
    const old = word(at + 4);
    const pointer = word(at + 6);
    const before = code === ALLOCATE ? undefined : live.get(old);
    if (before === undefined && code === FREE) continue;
    const id = before?.id ?? ids++;
    if (before !== undefined) live.delete(old);
    liveBytes += size - (before?.size ?? 0);
    peakLive = Math.max(peakLive, liveBytes);
    if (code === FREE) {
      lines.push(`f ${id}`);
      continue;
    }
    live.set(pointer, { id, size });
    lines.push(`${code === REALLOCATE && before !== undefined ? "r" : "a"} ${id} ${size}`);
  }
  return { text: `${[peakLive, ids, lines.length, 1, ...lines].join("\n")}\n`, operations: lines.length };
};
