import type { Scenario } from "../../catalogue/scenario.js";
import type { Task } from "../subject.js";
import { textOf, textTask } from "../texts.js";

/** The engine's decoder over the bytes of a memory of the same size, as a program without us has them. */
export const prepare = (scenario: Scenario): Task => {
  const bytes = new Uint8Array(new WebAssembly.Memory({ initial: 256 }).buffer);
  const decoder = new TextDecoder();
  const start = 65_536;
  const { written } = new TextEncoder().encodeInto(textOf(scenario), bytes.subarray(start));
  const end = start + written;
  return textTask(scenario, () => decoder.decode(bytes.subarray(start, end)));
};
