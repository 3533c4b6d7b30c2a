import { Presets, SingleBar } from "cli-progress";

/** Shows how far the run is. */
export interface Progress {
  step(what: string): void;
  /** Takes the bar away while something else is printed. */
  pause(): void;
  end(): void;
}

const silent: Progress = { step: () => undefined, pause: () => undefined, end: () => undefined };

/** A bar on a terminal, nothing in a log. */
export const startProgress = (steps: number): Progress => {
  if (!process.stderr.isTTY) return silent;
  const bar = new SingleBar(
    { format: "{bar} {percentage} % | {duration_formatted} | {what}", clearOnComplete: true, hideCursor: true },
    Presets.shades_classic,
  );
  let done = 0;
  let running = false;
  const resume = (what: string): void => {
    bar.start(steps, done, { what });
    running = true;
  };
  const pause = (): void => {
    if (running) bar.stop();
    running = false;
  };
  return {
    step: (what) => {
      done += 1;
      if (running) bar.update(done, { what });
      else resume(what);
    },
    pause,
    end: pause,
  };
};
