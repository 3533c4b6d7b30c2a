import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { type BlockHandle, blockAt, readUtf8 } from "../src/index.ts";

interface Message {
  readonly handle: BlockHandle;
  readonly text: number;
  readonly value: number;
}

const COUNT = 40;

/** Makes larger and larger blocks, so that the memory grows here, and posts each; the other thread writes into it before it is freed. */
const WORKER = `
  import { parentPort, workerData } from "node:worker_threads";
  import { SharedContext } from "@morph/mem-v2";
  import { array, writeUtf8 } from "./src/index.ts";

  const context = SharedContext.attach(workerData);
  let wrong = 0;
  const next = (value) => {
    if (value === ${COUNT}) return parentPort.postMessage({ wrong });
    const block = array(context, Float64Array, 20_000 + 1000 * value, { align: 64 });
    block.view.fill(value);
    const text = writeUtf8(context, "text " + value);
    parentPort.once("message", () => {
      if (block.view[0] !== -value || block.view[1] !== value) wrong++;
      block.free();
      if (value % 2) context.free(text);
      // Half of the next ones are where nothing was before.
      array(context, Uint8Array, 100_000);
      next(value + 1);
    });
    parentPort.postMessage({ handle: block.handle(), text, value });
  };
  next(0);
`;

test("a block that another thread makes, in pages by which it has just grown the memory, is taken up from its handle", async () => {
  const memory = new LinearMemory({ initialPages: 8, maxPages: 4000, shared: true });
  const context = new SharedContext({ mode: "RUNTIME", memory });
  const { pageCount } = memory;
  const { outputFiles } = await build({
    stdin: { contents: WORKER, resolveDir: fileURLToPath(new URL("..", import.meta.url)) },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    conditions: ["@morph/source"],
  });
  const code = new URL(`data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString("base64")}`);
  const worker = new Worker(code, { workerData: context.handle() });
  let seen = 0;
  const wrong = await new Promise<number>((resolve, reject) => {
    worker.on("error", reject);
    worker.on("message", (message: Message | { wrong: number }) => {
      if ("wrong" in message) return resolve(message.wrong);
      try {
        const { handle, text, value } = message;
        expect(memory.f64[handle.pointer / 8 + handle.length - 1]).toBe(value);
        expect(readUtf8(memory, text)).toBe(`text ${value}`);
        const block = blockAt(context, Float64Array, handle);
        expect([block.length, block.pointer % 64]).toEqual([20_000 + 1000 * value, 0]);
        expect(block.view.every((element) => element === value)).toBe(true);
        block.view[0] = -value;
        seen++;
        worker.postMessage("go on");
      } catch (error) {
        reject(error);
      }
    });
  });
  await worker.terminate();
  expect([seen, wrong]).toEqual([COUNT, 0]);
  expect(memory.pageCount).toBeGreaterThan(pageCount);
  context.verify();
}, 30_000);
