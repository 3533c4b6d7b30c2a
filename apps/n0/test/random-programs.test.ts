/** Programs made at random, which run the same on every allocator; `random-programs.long.test.ts` has many more. */
import { expect, test } from "vitest";
import { Sites } from "../src/codegen/gc/sites.ts";
import { makeModule } from "../src/codegen/generate.ts";
import { randomProgram } from "./random-program.ts";
import { expectSameEverywhere } from "./same-everywhere.ts";
import { program } from "./support.ts";
import { wrongMoves } from "./verify-moves.ts";

const MOST_COLLECTIONS = 15;
const SEEDS = 6;

test("random programs run the same on every allocator", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const checked = program(randomProgram(seed));
    expect(wrongMoves(makeModule(checked, { target: "gc" }, new Sites())), `seed ${seed}`).toEqual([]);
    expectSameEverywhere(checked, `seed ${seed}`, MOST_COLLECTIONS);
  }
});
