import { COMPILER, MemoryContext, SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import type { Scenario } from "../catalogue/scenario.js";
import { memoryFor } from "./memory.js";

const SHARED_PAGES = 256;
const MAX_SHARED_PAGES = 4096;

/** A context: what the scenarios ask for fits into a memory's default size, so that it never grows. */
export const contextFor = (scenario: Scenario): MemoryContext =>
  new MemoryContext({ ...COMPILER, memory: memoryFor(scenario) });

/** A context that several threads can use, and that locks every call. */
export const lockedContext = (): SharedContext =>
  new SharedContext({
    ...COMPILER,
    memory: new LinearMemory({ initialPages: SHARED_PAGES, maxPages: MAX_SHARED_PAGES, shared: true }),
  });
