import { mebibytes } from "../format.js";
import type { RecordProgress } from "./record.js";

const TERMINAL_MS = 500;
const LOG_MS = 10_000;

const textOf = ({ operations, liveBytes, fileBytes }: RecordProgress): string =>
  `recording: ${operations.toLocaleString("en-US")} operations, ${mebibytes(liveBytes)} live, ${mebibytes(fileBytes)} written`;

/** Shows how far a recording is: one line that changes on a terminal, one every ten seconds in a log. */
export const startRecordProgress = (): { show(progress: RecordProgress): void; end(): void } => {
  const terminal = process.stderr.isTTY;
  let shown = performance.now();
  let onLine = false;
  return {
    show: (progress) => {
      if (performance.now() - shown < (terminal ? TERMINAL_MS : LOG_MS)) return;
      shown = performance.now();
      process.stderr.write(terminal ? `\r\x1b[K${textOf(progress)}` : `${textOf(progress)}\n`);
      onLine = terminal;
    },
    end: () => {
      if (onLine) process.stderr.write("\r\x1b[K");
    },
  };
};
