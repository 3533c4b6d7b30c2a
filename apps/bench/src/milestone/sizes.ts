import type { Comparison } from "./comparison.js";

/** What objects cost in bytes under a header and classes of sizes. Computed, not measured: no tables, no page left partly empty. */
export interface Layout {
  readonly name: string;
  readonly bytes: number;
  /** Share of V1's bytes that is saved, 0 to 1. */
  readonly saved: number;
}

const V1_HEADER = 88;
const V1_PAGE = 4_096;
const V1_DESCRIPTOR = 72;
const LARGEST_SLOT = 256;
const GRANULE = 16;

const roundUp = (bytes: number, unit: number): number => Math.ceil(bytes / unit) * unit;
const power = (bytes: number): number => 2 ** Math.ceil(Math.log2(Math.max(bytes, GRANULE)));

/** V1: 88 bytes and the payload in 8s, with its share of page and descriptor; the tail of a page is left out. */
const onV1 = (payload: number): number => {
  const object = roundUp(V1_HEADER + payload, 8);
  return object > V1_PAGE ? roundUp(object, V1_PAGE) + V1_DESCRIPTOR : object * ((V1_PAGE + V1_DESCRIPTOR) / V1_PAGE);
};

/** A header and the payload in slots of powers of two up to 256, what is larger in 16s. */
const inPowers = (header: number) => (payload: number) =>
  header + payload <= LARGEST_SLOT ? power(header + payload) : roundUp(header + payload, GRANULE);

/** A header and the payload in multiples of a unit. */
const inMultiples = (header: number, unit: number) => (payload: number) => roundUp(header + payload, unit);

/** The layouts, V1's first. */
const LAYOUTS: readonly (readonly [name: string, cost: (payload: number) => number])[] = [
  ["V1: header of 88", onV1],
  ["header of 16, slots of powers of two", inPowers(16)],
  ["header of 8, slots of powers of two", inPowers(8)],
  ["header of 16, slots of multiples of 16", inMultiples(16, 16)],
  ["header of 8, slots of multiples of 16", inMultiples(8, 16)],
  ["V2: header of 8, slots of multiples of 8", inMultiples(8, 8)],
  ["header of 16, no rounding at all", inMultiples(16, 1)],
  ["no header, no rounding: the payload alone", inMultiples(0, 1)],
];

/** What the allocations of a histogram (count by payload bytes) cost under each layout. */
export const layoutsOf = (histogram: Readonly<Record<number, number>>): Layout[] => {
  const sum = (cost: (payload: number) => number): number =>
    Object.entries(histogram).reduce((total, [payload, count]) => total + cost(Number(payload)) * count, 0);
  const v1 = sum(onV1);
  return LAYOUTS.map(([name, cost]) => {
    const bytes = sum(cost);
    return { name, bytes, saved: 1 - bytes / v1 };
  });
};

/** The arithmetic of what a header of 16 bytes can save at most, a line each. */
export const arithmeticOf = ({ what, histogram = {} }: Comparison): string[] => {
  const counts = Object.entries(histogram).map(([payload, count]) => ({ payload: Number(payload), count }));
  const objects = counts.reduce((sum, { count }) => sum + count, 0);
  const payload = counts.reduce((sum, each) => sum + each.payload * each.count, 0);
  const mean = payload / objects;
  const rounded = counts.reduce((sum, each) => sum + inPowers(16)(each.payload) * each.count, 0) / objects;
  const v1 = counts.reduce((sum, each) => sum + onV1(each.payload) * each.count, 0) / objects;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return [
    `${what}: ${objects.toLocaleString("en-US")} objects of ${mean.toFixed(1)} bytes on average.`,
    `V1 takes 88 + ${mean.toFixed(1)}, with rounding and its pages' descriptors ${v1.toFixed(1)} bytes an object.`,
    `A header of 16 and no rounding: 1 - (16 + ${mean.toFixed(1)}) / ${v1.toFixed(1)} = ${percent(1 - (16 + mean) / v1)} saved at most.`,
    `In slots of 16, 32, 64, 128, 256 it is ${rounded.toFixed(1)} bytes an object: 1 - ${rounded.toFixed(1)} / ${v1.toFixed(1)} = ${percent(1 - rounded / v1)}.`,
    `Tables and pages of 64 KiB that are not full come on top; the measured figure has them.`,
  ];
};
