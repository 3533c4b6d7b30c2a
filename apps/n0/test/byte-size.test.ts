import { expect, test } from "vitest";
import { parseByteSize } from "../src/byte-size.ts";

test.each([
  ["0", 0],
  ["1048576", 1048576],
  ["64k", 65536],
  ["64KiB", 65536],
  ["64kB", 64000],
  ["1.5MiB", 1572864],
  ["2 GB", 2e9],
  ["4g", 2 ** 32],
  ["12b", 12],
])("%s is %i bytes", (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes);
});

test.each(["", "lots", "-1", "1e3", "5 apples", "0x10", "1.MiB", "MiB"])("%j is no size", (text) => {
  expect(parseByteSize(text)).toBe(null);
});
