import { writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { describe, MorphError } from "@morph/memory";
import { COMPILER, type ContextConfig, RUNTIME } from "./config.ts";
import type { MemoryContext } from "./context.ts";

const GIB = 1024 ** 3;

/**
 * A configuration for this machine, by the original's table: COMPILER with a quarter of the free memory as its hint below 512
 * MiB, RUNTIME with half of it below 4 GiB, RUNTIME with 2 GiB from there on.
 * @param freeBytes free memory, by default what the system reports
 * @throws ERR_MORPH_INVALID_CONFIG
 */
export function detectConfig(freeBytes: number = freemem()): ContextConfig {
  if (!(freeBytes >= 0)) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `freeBytes: expected a number from 0, got ${describe(freeBytes)}`);
  }
  if (freeBytes < GIB / 2) return { ...COMPILER, heapSizeHint: Math.floor(freeBytes / 4) };
  if (freeBytes >= 4 * GIB) return { ...RUNTIME, heapSizeHint: 2 * GIB, gcThreshold: GIB / 4 };
  return { ...RUNTIME, heapSizeHint: Math.floor(freeBytes / 2), gcThreshold: Math.floor(freeBytes / 8) };
}

/** Writes a context's statistics to a file, as JSON. @throws what the file system throws */
export function dumpStats(context: MemoryContext, path: string): void {
  writeFileSync(path, `${JSON.stringify(context.stats(), undefined, 2)}\n`);
}
