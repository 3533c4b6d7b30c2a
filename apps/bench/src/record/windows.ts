import { readdirSync, readFileSync, rmSync } from "node:fs";

/** A program that one process runs, and those of its windows that have not been read. */
export interface RecordedProgram {
  /** Process and start, as in the file names of native/record.c. */
  readonly name: string;
  readonly process: number;
  /** Numbers of windows, ascending. All but the last are full. */
  readonly windows: readonly number[];
}

const NAME = /^requests\.((\d+)\.\d+)\.(\d+)$/;

/** The programs that have windows in the folder. */
export const programsIn = (folder: string): RecordedProgram[] => {
  const programs = new Map<string, { name: string; process: number; windows: number[] }>();
  for (const file of readdirSync(folder)) {
    const [, name, process, window] = NAME.exec(file) ?? [];
    if (name === undefined) continue;
    const program = programs.get(name) ?? { name, process: Number(process), windows: [] };
    program.windows.push(Number(window));
    programs.set(name, program);
  }
  for (const { windows } of programs.values()) windows.sort((a, b) => a - b);
  return [...programs.values()];
};

/** Reads a window and removes it, so that the program may go on. */
export const takeWindow = (folder: string, { name }: RecordedProgram, window: number): Uint32Array => {
  const path = `${folder}/requests.${name}.${window}`;
  const { buffer } = new Uint8Array(readFileSync(path));
  rmSync(path);
  return new Uint32Array(buffer);
};

/** Whether the process has ended. */
export const hasEnded = ({ process: id }: RecordedProgram): boolean => {
  try {
    process.kill(id, 0);
    return false;
  } catch {
    return true;
  }
};
