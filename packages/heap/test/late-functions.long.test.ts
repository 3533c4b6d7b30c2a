/** As `late-functions.test.ts`, longer, and with garbage collections on the way. V8 throws code away in its own time: with `--stress-flush-code` an overflow may still come half-way. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { runLateFunctions } from "../../../scripts/test-kit/late-functions.ts";
import { heapProgram } from "./overflow-program.ts";

const file = await bundle(new URL("..", import.meta.url), "esm");
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

it.each(Array.from({ length: 20 }, (_, seed) => 1000 + seed))("leave nothing half done, seed %i", async (seed) => {
  const overflows = await runLateFunctions<Parameters<typeof heapProgram>[0]>(
    file,
    seed,
    1500,
    (loaded, next, attempt) => {
      const { step, check } = heapProgram(loaded, next, attempt);
      return {
        check,
        step: () => {
          if (next(20) === 0) collect();
          step();
        },
      };
    },
  );
  expect(overflows).toBeGreaterThan(200);
});
