import { writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { COMPILER, type ContextConfig } from "./config.ts";
import type { MemoryContext } from "./context.ts";

const GIB = 1024 ** 3;

/**
 * A configuration for this machine. The original takes RUNTIME from 512 MiB of free memory; until that mode can be
 * made, the answer is COMPILER, with a quarter of the free memory as its hint, at most 2 GiB.
 * @param freeBytes free memory, by default what the system reports
 */
export function detectConfig(freeBytes: number = freemem()): ContextConfig {
  return { ...COMPILER, heapSizeHint: Math.min(Math.floor(freeBytes / 4), 2 * GIB) };
}

/** Writes a context's statistics to a file, as JSON. @throws what the file system throws */
export function dumpStats(context: MemoryContext, path: string): void {
  writeFileSync(path, `${JSON.stringify(context.stats(), undefined, 2)}\n`);
}
