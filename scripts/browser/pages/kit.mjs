/* What the pages' checks share. */
export { codeOf } from "../../test-kit/code.ts";
export { random } from "../../test-kit/random.ts";

export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** @throws unless both are written the same way in JSON */
export function expectSame(found, wanted, what) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  expect(one === other, `${what}: expected ${other}, got ${one}`);
}

/** A worker that runs one of `jobs` in worker.mjs at a time. */
export class Helper {
  constructor() {
    this.worker = new Worker("worker.js");
  }

  /** @returns what the job returns, or `{ pause }` of a job that never ends, when it gets there */
  run(job, data) {
    return new Promise((done, fail) => {
      this.worker.onmessage = ({ data: { error, result } }) =>
        error === undefined ? done(result) : fail(new Error(error));
      this.worker.onerror = (event) => fail(new Error(`worker: ${event.message}`));
      this.worker.postMessage({ job, data });
    });
  }

  end() {
    this.worker.terminate();
  }
}

/** Lets other events of the page happen. */
export function turn(ms = 0) {
  return new Promise((done) => setTimeout(done, ms));
}
