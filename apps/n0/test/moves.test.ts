/** Generated code for the collector uses no reference of before a collection: all of it is looked at, also what no test runs. */
import { expect, test } from "vitest";
import { Sites } from "../src/codegen/gc/sites.ts";
import { makeModule } from "../src/codegen/generate.ts";
import { disk } from "../src/disk.ts";
import { compileFrontEnd } from "../src/front-end.ts";
import { corpus } from "./corpus.ts";
import { program } from "./support.ts";
import { wrongMoves } from "./verify-moves.ts";

test("every program is right", () => {
  for (const { file, bytes } of corpus("programs")) {
    const result = compileFrontEnd({ file, bytes, reader: disk });
    if (!result.ok) throw new Error(`${file} is rejected`);
    for (const options of [{}, { literalsEachTime: true, recorded: true }]) {
      const module = makeModule(result.program, { ...options, target: "gc" }, new Sites());
      expect(wrongMoves(module), `${file} ${JSON.stringify(options)}`).toEqual([]);
    }
  }
});

test("what is left out is missed", () => {
  const checked = program(`
struktur Node
  name string
  next Node
akhir
fungsi make(name string, next Node) Node
  kembalikan Node(name + "!", next)
akhir
fungsi link(a Node, n int) Node
  var i = 0
  selama i < n
    a.next = make("b", a)
    a = Node(a.name, a.next)
    i = i + 1
  akhir
  kembalikan a
akhir
var list = [make("x", kosong), link(make("y", kosong), 3)]
list[0] = make(list[1].name, list[0])
tambah(list, make("z", list[0]))
native_print(list[2].name)`);
  const whole = new Sites();
  expect(wrongMoves(makeModule(checked, { target: "gc" }, whole))).toEqual([]);
  const complaints = whole.kinds.map((kind, number) => {
    const [complaint = ""] = wrongMoves(makeModule(checked, { target: "gc" }, new Sites((_, i) => i === number)));
    return `${kind} -> ${complaint.replace(/^\w+: /, "").replace(/\d+([:+]\d+)?/g, "N")}`;
  });
  expect([...new Set(complaints)].sort()).toMatchInlineSnapshot(`
    [
      "barrier: a field -> a store at N has no barrier",
      "barrier: an appended element -> a store at N has no barrier",
      "barrier: an element -> a store at N has no barrier",
      "barrier: an element of a literal -> a store at N has no barrier",
      "barrier: marks what was there -> ",
      "barrier: remembers -> ",
      "reload at an allocation: temporary -> local N is read behind a collection",
      "reload: parameter -> local N is read behind a collection",
      "reload: temporary -> local N is read behind a collection",
      "root at an allocation: temporary -> slot N does not have local N",
      "root at the start: parameter -> slot N does not have local N",
      "root: parameter -> slot N does not have local N",
      "root: temporary -> slot N does not have local N",
    ]
  `);
});
