/** Sources on the disk. */
import { readFileSync, statSync } from "node:fs";
import type { SourceReader } from "./modules.ts";

/** Reads files; what is no file, or cannot be read, is not there. Relative paths start at the present folder. */
export const disk: SourceReader = {
  read(path) {
    try {
      return statSync(path).isFile() ? readFileSync(path) : null;
    } catch {
      return null;
    }
  },
};
