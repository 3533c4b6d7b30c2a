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
  if (!(typeof freeBytes === "number" && freeBytes >= 0)) {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `freeBytes: expected a number from 0, got ${describe(freeBytes)}`);
  }
  return freeBytes < HALF_GIB ? COMPILER : RUNTIME;
}

/** Writes a context's statistics to a file, as JSON. @throws ERR_MORPH_INVALID_CONFIG, and what the file system throws */
export function dumpStats(context: Pick<Context, "stats">, path: string): void {
  if (typeof context?.stats !== "function") {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `context: expected a context, got ${describe(context)}`);
  }
  // Node itself ends at some other values, and takes a number for an open file.
  if (typeof path !== "string") {
    throw new MorphError("ERR_MORPH_INVALID_CONFIG", `path: expected a string, got ${describe(path)}`);
  }
  writeFileSync(path, `${JSON.stringify(context.stats(), undefined, 2)}\n`);
}
