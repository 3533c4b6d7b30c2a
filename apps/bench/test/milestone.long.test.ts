import { expect, test } from "vitest";
import { ALLOCATORS } from "../src/milestone/contenders.ts";
import { OTHERS } from "../src/milestone/programs.ts";
import { LONG, printsTheSame } from "./milestone-outputs.ts";

const programs = OTHERS.filter(({ id }) => LONG.includes(id));

test("the programs that take long are there", () => {
  expect(programs).toHaveLength(LONG.length);
});

// V1 takes minutes for stack_undo, and V2 gigabytes.
test.each(programs)("$id prints the same on all allocators and on plain objects", (program) =>
  printsTheSame(program, program.id === "stack_undo" ? ["gc"] : ALLOCATORS),
);
