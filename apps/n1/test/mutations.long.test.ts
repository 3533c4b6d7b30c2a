import { test } from "vitest";
import { compareMutations } from "./mutations.ts";

test("two thousand damaged programs get n0's messages", { timeout: 600_000 }, async () => {
  await compareMutations(1000, 2);
});
