import { closeSync, openSync, writeSync } from "node:fs";

/** V1's log of dead objects: for each a line, and for each line the file is opened and closed, as the original does. */
export class ZombieLog {
  private readonly path: string;

  /** @param path of the file, which is appended to. @throws what the file system throws */
  constructor(path: string) {
    this.path = path;
    closeSync(openSync(path, "a"));
  }

  /** A line that cannot be written is lost: a sweep must not end half-way. */
  dead(pointer: number, type: string, size: number): void {
    const line = `[${Math.floor(performance.now())}] DEAD: 0x${pointer.toString(16)} Type=${type} Size=${size}\n`;
    try {
      const file = openSync(this.path, "a");
      try {
        writeSync(file, line);
      } finally {
        closeSync(file);
      }
    } catch {}
  }
}
