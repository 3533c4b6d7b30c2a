/* Workers that are terminated inside: nobody waits for ever, the page's main thread neither, which may not sleep. */

import { SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import { codeOf, expect, expectSame, Helper, turn } from "./kit.mjs";

const shared = () => new LinearMemory({ initialPages: 4, maxPages: 1000, shared: true });

async function contextLock() {
  const memory = shared();
  const context = new SharedContext({ mode: "RUNTIME", memory, lockTimeoutMs: 200 });
  const pointer = context.alloc(100, 1);
  const helper = new Helper();
  await helper.run("keepLock", { handle: context.handle() });
  helper.end();
  expectSame(
    codeOf(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)),
    "no code: TypeError: Atomics.wait cannot be called in this context",
    "sleeping on the main thread",
  );
  const start = performance.now();
  const uses = [
    () => context.alloc(8, 1),
    () => context.free(pointer),
    () => context.stats(),
    () => context.verify(),
    () => context.owns(pointer),
    () => context.reset(),
    () => context.destroy(),
  ];
  for (const use of uses) expectSame(codeOf(use), "ERR_MORPH_TIMEOUT", String(use));
  const ms = performance.now() - start;
  // It has waited once, and not again for the same holder.
  expect(ms >= 200 && ms < 1500, `the main thread waited ${ms} ms`);
  const other = new Helper();
  const waited = await other.run("waitForLock", { handle: context.handle() });
  expectSame(waited.code, "ERR_MORPH_TIMEOUT", "a worker's call");
  other.end();
  return `${Math.round(ms)} ms for ${uses.length} calls, ${Math.round(waited.ms)} ms in a worker`;
}

async function memoryLock() {
  const memory = shared();
  const { wasm, firstPage } = memory;
  const owner = memory.register({ name: "mine", contractVersion: 1, viewsChanged() {} });
  const helper = new Helper();
  await helper.run("keepPageLock", { wasm, firstPage });
  helper.end();
  const start = performance.now();
  expectSame(
    codeOf(() => memory.acquire(1, owner)),
    "ERR_MORPH_TIMEOUT",
    "the first call",
  );
  const first = performance.now() - start;
  for (let i = 0; i < 5; i++)
    expectSame(
      codeOf(() => memory.roots.get("table")),
      "ERR_MORPH_TIMEOUT",
      "a later call",
    );
  const later = performance.now() - start - first;
  expect(first < 7000 && later < 1500, `${first} ms, then ${later} ms`);
  memory.destroy();
  return `${Math.round(first)} ms, then ${Math.round(later / 5)} ms a call`;
}

/** Ends workers at any moment: either all goes on, or a call says so in time. */
async function anyMoment() {
  let kept = 0;
  for (let i = 0; i < 12; i++) {
    const memory = shared();
    const context = new SharedContext({ mode: i % 2 === 0 ? "RUNTIME" : "COMPILER", memory, lockTimeoutMs: 100 });
    const helper = new Helper();
    await helper.run("churn", { handle: context.handle() });
    await turn(5 + i);
    helper.end();
    // It may go on for some moments, and end with the lock in between two calls of this.
    await turn(50);
    const code = codeOf(() => {
      context.free(context.alloc(100, 2));
      context.verify();
    });
    expect(code === "did not throw" || code === "ERR_MORPH_TIMEOUT", `a call ended in ${code}`);
    if (code === "ERR_MORPH_TIMEOUT") kept++;
  }
  return `${kept} of 12 kept the lock`;
}

export const checks = {
  "of a context: ERR_MORPH_TIMEOUT in time, also where Atomics.wait is refused": contextLock,
  "of a memory's records: ERR_MORPH_TIMEOUT after five seconds, then soon": memoryLock,
  "workers terminated at any moment": anyMoment,
};
