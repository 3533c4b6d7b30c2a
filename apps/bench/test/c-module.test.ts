import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { countProgram, emptyImports, instantiateC, instantiateOnHeap, runProgram } from "../src/worker/c-module.js";
import { cTaskFor } from "../src/worker/c-tasks.js";
import { scenarioById } from "./entries.js";

test("the C program comes to the checksum of the native one, whosever malloc it calls", () => {
  for (const instance of [instantiateOnHeap(), instantiateC("own"), instantiateC("border", emptyImports())]) {
    runProgram(instance);
    expect(instance.memory.buffer.byteLength).toBeGreaterThan(countProgram().peakLive);
  }
  const wrong = { ...instantiateOnHeap(), run_program: () => 1 };
  expect(() => runProgram(wrong)).toThrow("the C program has checksum 1");
});

test("the program makes as many calls as its scenario says, each of which crosses the border once", () => {
  const { calls } = countProgram();
  expect(calls).toBe(scenarioById("c-program").times);
  let crossed = 0;
  const { memory, ...empty } = emptyImports();
  const counting = Object.fromEntries(Object.keys(empty).map((name) => [name, () => crossed++]));
  instantiateC("border", counting).run_program();
  // Two frees of null, which ours keeps inside the module.
  expect(crossed).toBe(calls + 2);
  expect(memory).toBeDefined();
});

test("each run of the program is in a new instance, and what it takes is told", () => {
  const task = cTaskFor(scenarioById("c-program"), () => instantiateOnHeap());
  const { footprint = 0, peakLive = 0 } = task.check?.() ?? {};
  expect(footprint).toBeGreaterThan(peakLive);
  for (let i = 0; i < 2; i++) {
    task.before?.();
    task.run();
  }
});

test("calls are pairs of malloc and free", () => {
  const seen: string[] = [];
  const env = {
    ...emptyImports(),
    malloc: (size: number) => seen.push(`malloc ${size}`) * 16,
    free: (p: number) => seen.push(`free ${p}`),
  };
  const scenario = { ...scenarioById("c-calls"), times: 2 };
  const task = cTaskFor(scenario, () => instantiateC("imported", env));
  task.run();
  expect(task.operations).toBe(4);
  expect(seen).toEqual(["malloc 64", "free 16", "malloc 64", "free 48"]);
});

test("the program's source and the heap's C file are where the native build and scripts/build-c.mjs look for them", () => {
  for (const file of ["test/c/program.c", "c/malloc.c"]) {
    expect(existsSync(new URL(`../../../packages/heap/${file}`, import.meta.url)), file).toBe(true);
  }
});
