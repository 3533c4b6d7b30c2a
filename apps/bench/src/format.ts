import type { Estimate } from "./stats.js";

/** Three digits or so, with thousands separated. */
export const figure = (value: number): string =>
  value.toLocaleString("en-US", {
    minimumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0,
    maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0,
  });

/** "2.10x (2.01 to 2.20)" */
export const times = ({ value, low, high }: Estimate): string =>
  `${figure(value)}x (${figure(low)} to ${figure(high)})`;

/** Bytes as MiB. */
export const mebibytes = (bytes: number): string => `${figure(bytes / 2 ** 20)} MiB`;

/** A share as "100 %". */
export const percent = (share: number | undefined): string =>
  share === undefined ? "not known" : `${Math.round(share * 100)} %`;
