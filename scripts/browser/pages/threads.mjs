/* A page's main thread and its workers on one memory. */

import { SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import { array, blockAt, readUtf8, writeUtf8 } from "@morph/view";
import { expect, expectSame, Helper, turn } from "./kit.mjs";
import { MAILBOX, share } from "./share.mjs";

const WORKERS = 3;
const OPERATIONS = 15_000;
/** Operations of the main thread at a time. */
const PART = 500;

const shared = (options) => new LinearMemory({ initialPages: 2, maxPages: 2048, shared: true, ...options });

async function contend(mode) {
  const memory = shared();
  const context = new SharedContext({ mode, memory });
  const threads = WORKERS + 1;
  const owners = new SharedArrayBuffer((memory.maxPages * 65_536) / 16);
  const mailboxes = new SharedArrayBuffer(threads * MAILBOX * 4);
  const job = { handle: context.handle(), threads, owners, mailboxes, operations: OPERATIONS };
  const helpers = Array.from({ length: WORKERS }, () => new Helper());
  let running = WORKERS;
  const theirs = helpers.map(async (helper, i) => {
    const report = await helper.run("share", { ...job, id: i + 2, seed: 1 });
    running--;
    return report;
  });
  const reports = [];
  for (let part = 1; running > 0; part++) {
    reports.push(share(context, { ...job, id: 1, operations: PART, seed: part }));
    await turn();
  }
  reports.push(...(await Promise.all(theirs)));
  for (const helper of helpers) helper.end();
  const sum = (name) => reports.reduce((total, report) => total + report[name], 0);
  const letters = new Uint32Array(mailboxes).filter((pointer) => pointer !== 0);
  const { objectCount, liveObjects } = context.stats();
  expectSame([objectCount, liveObjects], [sum("allocated"), sum("allocated") - sum("freed")], "what was counted");
  expectSame(liveObjects, letters.length, "what is left");
  context.verify();
  for (const pointer of letters) context.free(pointer);
  expectSame(context.stats().currentLive, 0, "what lives at the end");
  context.verify();
  context.destroy();
  return `${objectCount} objects, ${reports.length - WORKERS} turns of the main thread`;
}

async function roots() {
  const memory = shared();
  const context = new SharedContext({ mode: "COMPILER", memory });
  const table = context.alloc(64, 1);
  memory.i32[table / 4] = 42;
  memory.roots.set("table", table);
  const helper = new Helper();
  const { wasm, firstPage } = memory;
  const { value, names } = await helper.run("roots", { wasm, firstPage, set: [["größe", table + 8]] });
  expectSame([value, names], [42, ["größe", "table"]], "what the worker found");
  expectSame(memory.roots.get("größe"), table + 8, "the root that the worker set");
  helper.end();
}

async function blocks() {
  const memory = shared();
  const context = new SharedContext({ mode: "RUNTIME", memory });
  const helper = new Helper();
  const block = array(context, Float32Array, 1000);
  block.view.fill(0.25);
  const { sum, handle } = await helper.run("block", { handle: context.handle(), block: block.handle() });
  expectSame(sum, 250, "the worker's sum");
  const longer = blockAt(context, Float32Array, handle);
  expectSame(
    [longer.length, longer.view[0], longer.view[99_999]],
    [100_000, 0.5, 0.5],
    "the block that the worker made longer",
  );
  await helper.run("freeBlock", { handle: context.handle(), block: longer.handle() });
  expectSame(context.stats().liveObjects, 0, "what lives");
  context.verify();
  helper.end();
}

async function texts() {
  const memory = shared();
  const context = new SharedContext({ mode: "RUNTIME", memory });
  const helper = new Helper();
  for (const text of ["", "häagen 🙂", "x".repeat(100_000)]) {
    const { text: seen, pointer } = await helper.run("text", {
      handle: context.handle(),
      pointer: writeUtf8(context, text),
    });
    expect(
      seen === text && readUtf8(memory, pointer) === `${text} back`,
      `${seen.length} characters came of ${text.length}`,
    );
  }
  helper.end();
}

export const checks = {
  "a COMPILER context, all threads at once": () => contend("COMPILER"),
  "a RUNTIME context, all threads at once": () => contend("RUNTIME"),
  "a SERVER context, all threads at once": () => contend("SERVER"),
  "roots, found by a worker and set by it": roots,
  "a block posted to a worker, which makes it longer, and frees it": blocks,
  "text between threads": texts,
};
