import { describe, it } from "vitest";
import { COMPILER } from "../src/index.ts";
import { shareAContext } from "./shared.ts";

describe("a context on shared memory, at length", () => {
  it.each([2, 4])("serves %i workers, a million operations each", { timeout: 600_000 }, async (workers) => {
    await shareAContext(workers, 1_000_000, COMPILER);
  });
});
