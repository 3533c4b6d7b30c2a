/** The milestone's programs, run in this process. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runModule } from "n0";
import { MemoryWriter } from "n0-runtime";
import { afterAll, expect } from "vitest";
import { ALLOCATORS } from "../src/milestone/contenders.ts";
import type { PlainProgram } from "../src/milestone/plain/program.ts";
import { compile, type MilestoneProgram } from "../src/milestone/programs.ts";
import { generatedSource } from "../src/milestone/source.ts";

export const folder: string = mkdtempSync(join(tmpdir(), "morph-milestone-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** What it prints on each allocator, and on plain objects where it is written so. */
export const outputs = async (
  program: MilestoneProgram,
  allocators: typeof ALLOCATORS = ALLOCATORS,
): Promise<string[]> => {
  const path = join(folder, "input.txt");
  const text = generatedSource(program.lines ?? 10);
  writeFileSync(path, text);
  const source = program.lines === undefined ? undefined : { path, bytes: text.length };
  const args = source === undefined ? [] : (program.args?.(source) ?? []);
  const all: string[] = [];
  for (const allocator of allocators) {
    const stdout = new MemoryWriter();
    const module = await compile(program, source, allocator);
    expect(runModule(module, { allocator, args, stdout }).failure).toBeNull();
    all.push(stdout.text());
  }
  return program.plain === undefined ? all : [...all, await onObjects(program.plain, path)];
};

/** What it prints on plain objects. */
const onObjects = async (plain: string, source: string): Promise<string> => {
  const { run } = (await import(`../src/milestone/plain/${plain}.ts`)) as { run: PlainProgram };
  const lines: string[] = [];
  run((line) => lines.push(line), source);
  return `${lines.join("\n")}\n`;
};

/** What takes long: a test of its own. */
export const LONG: readonly string[] = ["garbage", "stack_undo", "trees"];

/** The program prints the same on all of these, and on plain objects. */
export async function printsTheSame(program: MilestoneProgram, allocators: typeof ALLOCATORS): Promise<void> {
  const all = await outputs(program, allocators);
  expect(all.length).toBeGreaterThan(1);
  expect(new Set(all).size).toBe(1);
  expect(all[0]).not.toBe("");
}
