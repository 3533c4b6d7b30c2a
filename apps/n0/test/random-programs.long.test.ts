/** As `random-programs.test.ts`, with a collection at every allocation; `RANDOM_PROGRAMS=from-to` takes other seeds. */
import { expect, test } from "vitest";
import { Sites } from "../src/codegen/gc/sites.ts";
import { makeModule } from "../src/codegen/generate.ts";
import { randomProgram } from "./random-program.ts";
import { expectSameEverywhere } from "./same-everywhere.ts";
import { program } from "./support.ts";
import { wrongMoves } from "./verify-moves.ts";

const HOUR = 3_600_000;
/** Of the few programs that allocate more, only each n-th allocation collects. */
const MOST_COLLECTIONS = 5000;

const [from, to] = (process.env.RANDOM_PROGRAMS ?? "100-160").split("-").map(Number) as [number, number];

test(`random programs ${from} to ${to} run the same on every allocator`, { timeout: 6 * HOUR }, () => {
  for (let seed = from; seed <= to; seed++) {
    const checked = program(randomProgram(seed));
    for (const literalsEachTime of [false, true]) {
      const module = makeModule(checked, { target: "gc", literalsEachTime }, new Sites());
      expect(wrongMoves(module), `seed ${seed}`).toEqual([]);
    }
    expectSameEverywhere(checked, `seed ${seed}`, MOST_COLLECTIONS);
  }
});
