import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { writeBinaryTrace } from "../binary-trace.js";
import { BUILD } from "../native/tools.js";
import { readTrace } from "../rep-reader.js";

const written = new Map<string, string>();

/** The trace in the form that contenders read; written once a run. Returns its path. */
export const traceFile = (trace: string): string => {
  const known = written.get(trace);
  if (known !== undefined) return known;
  mkdirSync(BUILD, { recursive: true });
  const path = `${BUILD}/${createHash("sha256").update(trace).digest("hex").slice(0, 12)}.trace`;
  writeBinaryTrace(path, readTrace(trace));
  written.set(trace, path);
  return path;
};
