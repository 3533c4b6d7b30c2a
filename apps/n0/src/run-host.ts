/** What a module imports from its runner, for a program without Morph threads: a channel that would wait waits for ever. */
import type { Runtime } from "n0-runtime";
import type { Manifest } from "./codegen/manifest.ts";
import { FAIL, OVERFLOW, RECEIVE, SEND } from "./codegen/names.ts";
import { failureAt, failureOf, ProgramFailure } from "./run-failure.ts";

/** The runner's functions, by the names a module imports. */
export type HostFunctions = Record<string, (...operands: number[]) => void>;

/** The functions that every module may import. */
export function hostFunctions(runtime: Runtime, { files }: Manifest): HostFunctions {
  const placeOf = (file: number, line: number): string => `${files[file]}:${line}`;
  const waits = (what: string, file: number, line: number): ProgramFailure =>
    failureAt(`deadlock: ${what} at ${placeOf(file, line)}`);
  return {
    [FAIL]: (kind: number, file: number, line: number) => {
      throw failureOf(kind, placeOf(file, line), runtime);
    },
    [OVERFLOW]: () => {
      throw new ProgramFailure("stack overflow");
    },
    [SEND]: (channel: number, low: number, high: number, file: number, line: number) => {
      if (runtime.mph_channel_try_send(channel, low, high) === 0)
        throw waits("a full channel, and nobody receives", file, line);
    },
    [RECEIVE]: (channel: number, file: number, line: number) => {
      if (runtime.mph_channel_try_recv(channel) === 0) throw waits("an empty channel, and nobody sends", file, line);
    },
  };
}
