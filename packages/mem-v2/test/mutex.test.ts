import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Mutex } from "../src/index.ts";

const words = () => new Int32Array(new SharedArrayBuffer(64));

describe("a mutex", () => {
  it("is held by one at a time, and given back only by its holder", () => {
    const i32 = words();
    const [a, b] = [new Mutex(i32, 0), new Mutex(i32, 0)];
    a.lock();
    expect([a.held, b.held, b.tryLock(), a.tryLock()]).toEqual([true, false, false, false]);
    expect(codeOf(() => b.unlock())).toBe("ERR_MORPH_NOT_OWNER");
    expect(codeOf(() => a.lock())).toBe("ERR_MORPH_NOT_OWNER");
    a.unlock();
    expect(codeOf(() => a.unlock())).toBe("ERR_MORPH_NOT_OWNER");
    expect(b.tryLock()).toBe(true);
    b.unlock();
  });

  it("ends a wait that has a limit in TIMEOUT, and can be taken afterwards", () => {
    const i32 = words();
    const [a, b] = [new Mutex(i32, 8), new Mutex(i32, 8)];
    a.lock();
    for (const limit of [0, 5]) expect(codeOf(() => b.lock(limit))).toBe("ERR_MORPH_TIMEOUT");
    expect(codeOf(() => b.lock(-1))).toBe("ERR_MORPH_INVALID_CONFIG");
    a.unlock();
    b.lock(0);
    b.unlock();
  });

  it("is given back when the action throws", () => {
    const mutex = new Mutex(words(), 0);
    expect(() =>
      mutex.withLock(() => {
        expect(mutex.held).toBe(true);
        throw new Error("mine");
      }),
    ).toThrow("mine");
    expect(mutex.withLock(() => 7)).toBe(7);
  });

  it("needs shared memory and a place in it", () => {
    expect(codeOf(() => new Mutex(new Int32Array(8), 0))).toBe("ERR_MORPH_INVALID_CONFIG");
    for (const pointer of [-4, 2, 60, Number.NaN]) {
      expect(codeOf(() => new Mutex(words(), pointer))).toBe("ERR_MORPH_INVALID_CONFIG");
    }
  });

  it("wakes one that waits in another thread", async () => {
    const i32 = words();
    const mutex = new Mutex(i32, 0);
    mutex.lock();
    // Waits by hand as a second holder of the lock would: the state says that somebody waits.
    const worker = new Worker(
      `const { workerData: i32 } = require("node:worker_threads");
       Atomics.store(i32, 0, 2);
       Atomics.store(i32, 8, 1); Atomics.notify(i32, 8);
       process.exitCode = Atomics.wait(i32, 0, 2, 20000) === "timed-out" ? 1 : 0;`,
      { eval: true, workerData: i32 },
    );
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    Atomics.wait(i32, 8, 0, 20_000);
    mutex.unlock();
    expect(await ended).toBe(0);
  });
});
