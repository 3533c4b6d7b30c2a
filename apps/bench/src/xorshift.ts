/** Marsaglia's xorshift32, as in native/bench.c and assembly/tlsf.ts: the same numbers in all three. */
export const xorshift = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
};
