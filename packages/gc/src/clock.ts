/** The clock of a host: an AudioWorklet has no `performance`. */
const { performance } = globalThis as { performance?: { now(): number } };

/** Milliseconds; only differences mean something. */
export const now: () => number = performance === undefined ? Date.now : () => performance.now();
