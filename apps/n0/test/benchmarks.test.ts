/** What only benchmarks ask for. */
import { expect, test } from "vitest";
import type { RunOptions } from "../src/run.ts";
import { executeModule, executeSource, MOVING, moduleOf, PLAIN_WAYS } from "./execute.ts";
import { program } from "./support.ts";

const RUNS = 2;
/** Globals and literals refer to objects of the run before, which have moved when the next begins. */
const SOURCE = `
var kept = ["a"]
struktur Node  value int  next Node akhir
fungsi main() void
  var list Node = kosong
  var i = 0
  selama i < 60
    list = Node(i, list)
    kept = kept + ["b"]
    jika panjang(kept) > 50
      kept = ["c" + "d"]
    akhir
    i = i + 1
  akhir
  native_print(kept[0] + kept[1])
  native_print_int(list.next.value + panjang(kept))
akhir
`;

test.each([...PLAIN_WAYS, ["gc, moving at every allocation", MOVING] as const])(
  "a program is run again in the same memory: %s",
  (_, options) => {
    const times: number[] = [];
    const again: NonNullable<RunOptions["again"]> = (each, runtime) => {
      runtime.emptyNursery();
      return times.push(each) < RUNS;
    };
    const { stdout, failure, milliseconds } = executeSource(SOURCE, { ...options, again });
    expect(failure).toBeNull();
    expect(stdout).toBe("cdb\n69\n".repeat(RUNS));
    expect(times).toHaveLength(RUNS);
    expect(milliseconds).toBe(times.at(-1));
  },
);

test("a program that uses threads is run once", () => {
  const source = "fungsi f() void akhir\nfungsi main() void\n  luncurkan(f)\nakhir";
  expect(() => executeSource(source, { again: () => true })).toThrow("run once");
});

test("a module without barriers and roots is smaller, and does the same where nothing is collected", () => {
  const checked = program(SOURCE);
  const [all, without] = [true, false].map((collects) => moduleOf(checked, { target: "gc", collects }));
  expect(without!.length).toBeLessThan(all!.length);
  const { stdout, failure, stats } = executeModule(without!, { allocator: "gc" });
  expect([failure, stats?.collections.count]).toEqual([null, 0]);
  expect(stdout).toBe("cdb\n69\n");
});
