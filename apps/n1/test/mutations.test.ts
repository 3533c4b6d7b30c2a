import { test } from "vitest";
import { compareMutations } from "./mutations.ts";

test("damaged programs get n0's messages", async () => {
  await compareMutations(60, 1);
});
