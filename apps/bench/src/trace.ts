/** Operation codes, in the trace and in the binary form. */
export const ALLOCATE = 0;
export const REALLOCATE = 1;
export const FREE = 2;

/** A trace ready to run: one entry an operation in three columns, so that replaying it parses nothing. */
export interface Trace {
  readonly idCount: number;
  /** Largest sum of live bytes, computed from the operations, not taken from the header. */
  readonly peakLive: number;
  readonly operations: Uint8Array;
  readonly ids: Uint32Array;
  readonly sizes: Uint32Array;
}

/** The most operations of a trace that is recorded or replayed: each contender's process holds all of it, in 9 bytes an operation. */
export const MOST_OPERATIONS = 50_000_000;

/** Moments of a trace at which memory is looked at, equally far apart; native/trace.h has the same number. */
export const SAMPLES = 200;

/**
 * Calls `sample` at the moments when memory is looked at.
 * @param step does operation `i`
 */
export const sampled = (count: number, step: (i: number) => void, sample: () => void): void => {
  let taken = 0;
  for (let i = 0; i < count; i++) {
    step(i);
    for (; (taken + 1) * count <= (i + 1) * SAMPLES; taken++) sample();
  }
};

/** Live bytes, as asked for, at those moments. */
export const liveSamples = ({ idCount, operations, ids, sizes }: Trace): number[] => {
  const samples: number[] = [];
  const live = new Uint32Array(idCount);
  let bytes = 0;
  sampled(
    operations.length,
    (i) => {
      const id = ids[i]!;
      bytes += sizes[i]! - live[id]!;
      live[id] = sizes[i]!;
    },
    () => samples.push(bytes),
  );
  return samples;
};
