/** Functions that are called for the first time near the stack's end, which V8 cannot compile there: whatever throws a RangeError does so before anything changes. */
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { runLateFunctions } from "../../../scripts/test-kit/late-functions.ts";
import { heapProgram } from "./overflow-program.ts";

const file = await bundle(new URL("..", import.meta.url), "esm");

it.each(Array.from({ length: 3 }, (_, seed) => seed))("leave nothing half done, seed %i", async (seed) => {
  expect(await runLateFunctions(file, seed, 240, heapProgram)).toBeGreaterThan(20);
});
