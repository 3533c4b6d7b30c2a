import { allocation } from "./allocation.js";
import { barriers } from "./barriers.js";
import {
  cc1AgainstHeap,
  pythonAgainstHeap,
  recordsAgainstHeap,
  treesAgainstHeap,
  treesAgainstObjects,
} from "./comparison.js";
import type { Measurement } from "./figures.js";
import {
  copying,
  gibibyteOfOne,
  gibibyteOfTen,
  minorPauses,
  pausesOfChange,
  pausesOfHundred,
  pausesOfShift,
  pausesOfTen,
} from "./pauses.js";

/** All measurements, by name. */
export const MEASUREMENTS: Readonly<Record<string, Measurement>> = {
  minorPauses,
  copying,
  pausesOfHundred,
  pausesOfTen,
  pausesOfChange,
  pausesOfShift,
  gibibyteOfTen,
  gibibyteOfOne,
  allocation,
  barriers,
  treesAgainstHeap,
  recordsAgainstHeap,
  cc1AgainstHeap,
  pythonAgainstHeap,
  treesAgainstObjects,
};
