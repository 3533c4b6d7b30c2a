import { writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { describe, MorphError } from "@morph/memory";
import { COMPILER, type ContextConfig, RUNTIME } from "./config.ts";
import type { Context } from "./shared-context.ts";

const HALF_GIB = 0x2000_0000;

/**
 * A configuration for this machine: COMPILER with less than 512 MiB of free memory, else RUNTIME.
 * @param freeBytes free memory, by default what the system reports
 * @throws ERR_MORPH_INVALID_CONFIG
 */
export function detectConfig(freeBytes: number = freemem()): ContextConfig {
  if (!(freeBytes >= 0)) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `freeBytes: expected a number from 0, got ${describe(freeBytes)}`);
  }
  return freeBytes < HALF_GIB ? COMPILER : RUNTIME;
}

/** Writes a context's statistics to a file, as JSON. @throws what the file system throws */
export function dumpStats(context: Pick<Context, "stats">, path: string): void {
  writeFileSync(path, `${JSON.stringify(context.stats(), undefined, 2)}\n`);
}
