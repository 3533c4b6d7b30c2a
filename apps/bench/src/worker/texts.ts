import type { Scenario } from "../catalogue/scenario.js";
import { BRIEF, type Task } from "./subject.js";

const LETTERS = "abcdefgh";
/** 16 bytes: letters of one to four. */
const MIXED = "hä日🦊öa-bc";

/** The text of a scenario: `size` bytes in UTF-8. */
export const textOf = ({ kind, size }: Scenario): string =>
  kind === "text" ? LETTERS.repeat(size / LETTERS.length) : MIXED.repeat(size / Buffer.byteLength(MIXED));

/** The work of a scenario: the text read again and again. */
export const textTask = (scenario: Scenario, read: () => string): Task => {
  const { times, size } = scenario;
  const expected = textOf(scenario);
  if (Buffer.byteLength(expected) !== size)
    throw new Error(`the text has ${Buffer.byteLength(expected)} bytes, not ${size}`);
  if (read() !== expected) throw new Error("the text that is read is not the one that was written");
  let kept = 0;
  const work = (count: number): void => {
    for (let i = 0; i < count; i++) kept += read().length;
  };
  return {
    operations: times,
    run: () => work(times),
    brief: () => work(Math.min(times, BRIEF)),
    get keep() {
      return kept;
    },
  };
};
