import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { BUILD } from "../native/tools.js";
import { encodeTrace, readTrace } from "../trace.js";

const written = new Map<string, string>();

/** The trace in the form that contenders read; written once a run. Returns its path. */
export const traceFile = (trace: string): string => {
  const known = written.get(trace);
  if (known !== undefined) return known;
  mkdirSync(BUILD, { recursive: true });
  const path = `${BUILD}/${createHash("sha256").update(trace).digest("hex").slice(0, 12)}.trace`;
  writeFileSync(path, encodeTrace(readTrace(trace)));
  written.set(trace, path);
  return path;
};
