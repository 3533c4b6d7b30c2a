import { decodeRecording, MemoryWriter, Recorder, replay } from "n0-runtime";
import { expect, test } from "vitest";
import { disk } from "../src/disk.ts";
import { compileFrontEnd } from "../src/front-end.ts";
import { runModule } from "../src/run.ts";
import { corpus } from "./corpus.ts";
import { MOVING, moduleOf } from "./execute.ts";
import { program } from "./support.ts";

const NAMES = [
  "bug31-threads",
  "closures-capture-everything",
  "bug15-interface-everywhere",
  "maps",
  "tuples",
  "tokenizer",
  "tree",
];

const cases = corpus("programs").filter(({ name }) => NAMES.includes(name));

test("all of them are there", () => {
  expect(cases.length).toBe(NAMES.length);
});

test.each(cases.map((entry) => [entry.name, entry] as const))(
  "%s: recorded on V2 and replayed on V1, the same objects die",
  (_, { file, bytes }) => {
    const result = compileFrontEnd({ file, bytes, reader: disk });
    if (!result.ok) throw new Error("the program is rejected");
    const recorder = new Recorder();
    const recorded = moduleOf(result.program, { recorded: true });
    runModule(recorded, { allocator: "v2", stdout: new MemoryWriter(), recorder });
    const recording = decodeRecording(recorder.bytes());
    for (const threshold of [0, 1000]) {
      const v1 = { threshold };
      const { stats } = runModule(moduleOf(result.program), { allocator: "v1", stdout: new MemoryWriter(), v1 });
      const replayed = replay(recording, "v1", v1).stats;
      expect(replayed.allocations).toBe(stats!.allocations);
      expect(replayed.collections.count).toBe(stats!.collections.count);
      expect(replayed.collections.freedObjects).toBe(stats!.collections.freedObjects);
    }
  },
);

test.each(cases.map((entry) => [entry.name, entry] as const))(
  "%s: recorded on gc while everything moves, the same objects live on each allocator",
  (_, { file, bytes, expected }) => {
    const result = compileFrontEnd({ file, bytes, reader: disk });
    if (!result.ok) throw new Error("the program is rejected");
    const recorded = moduleOf(result.program, { recorded: true, target: "gc" });
    const gc = MOVING.gc!;
    const recorder = new Recorder();
    const stdout = new MemoryWriter();
    const { stats } = runModule(recorded, { allocator: "gc", stdout, recorder, gc });
    expect(stdout.text()).toBe(expected);
    const recording = decodeRecording(recorder.bytes());
    const { allocations, liveObjects } = stats!;
    expect(replay(recording, "gc", {}, gc).stats).toMatchObject({ allocations, liveObjects });
    expect(replay(recording, "v1", { threshold: 0 }).stats).toMatchObject({ allocations, liveObjects });
    expect(replay(recording, "v2").stats.allocations).toBe(allocations);
  },
);

test("a module that was not generated for it is refused", () => {
  const module = moduleOf(program('native_print("x")'));
  expect(() => runModule(module, { recorder: new Recorder() })).toThrow("built without recording");
});
