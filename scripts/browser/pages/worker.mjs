/* What a worker of the checks can be asked to do. */

import { Mutex, SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import { blockAt, readUtf8, writeUtf8 } from "@morph/view";
import { HEAD_LOCK } from "./head.mjs";
import { codeOf } from "./kit.mjs";
import { share } from "./share.mjs";

let context;
/** The context of a handle, attached once. */
const attached = (handle) => (context ??= SharedContext.attach(handle));

const jobs = {
  allocate({ handle, size, value }) {
    const { memory } = attached(handle);
    const pointer = context.alloc(size, 1);
    memory.i32[pointer / 4] = value;
    memory.u8[pointer + size - 1] = value;
    return pointer;
  },
  read: ({ handle, pointer }) => attached(handle).memory.u8[pointer],
  growWasm: ({ wasm, pages }) => wasm.grow(pages),
  share: (data) => share(attached(data.handle), data),
  roots({ wasm, firstPage, set }) {
    const memory = new LinearMemory({ wasm, firstPage, attach: true });
    const table = memory.roots.get("table");
    for (const [name, pointer] of set) memory.roots.set(name, pointer);
    return { value: memory.i32[table / 4], names: [...memory.roots].map(([name]) => name).sort() };
  },
  block({ handle, block }) {
    const mine = blockAt(attached(handle), Float32Array, block);
    const sum = mine.view.reduce((total, value) => total + value, 0);
    mine.resize(mine.length * 100);
    mine.view.fill(0.5);
    return { sum, handle: mine.handle() };
  },
  freeBlock: ({ handle, block }) => blockAt(attached(handle), Float32Array, block).free(),
  text({ handle, pointer }) {
    const text = readUtf8(attached(handle).memory, pointer);
    return { text, pointer: writeUtf8(context, `${text} back`) };
  },
  /** Takes the context's lock and never comes back: the page ends this worker. */
  keepLock({ handle }) {
    const { memory } = attached(handle);
    new Mutex(memory.i32, handle.place.anchor).lock();
    stay();
  },
  /** The same with the lock of the memory's records. */
  keepPageLock({ wasm, firstPage }) {
    const word = firstPage * 16_384 + HEAD_LOCK;
    Atomics.store(new Int32Array(wasm.buffer), word, 99);
    stay();
  },
  /** Goes on for ever, mostly inside of the context. */
  churn({ handle }) {
    attached(handle);
    postMessage({ result: "on" });
    for (let i = 0; ; i++) context.free(context.alloc(8 + (i % 5000), 1));
  },
  waitForLock({ handle }) {
    attached(handle);
    const start = performance.now();
    const code = codeOf(() => context.alloc(8, 1));
    return { code, ms: performance.now() - start };
  },
};

function stay() {
  postMessage({ result: "inside" });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

self.onmessage = ({ data: { job, data } }) => {
  try {
    postMessage({ result: jobs[job](data) });
  } catch (error) {
    postMessage({ error: `${job}: ${error.stack}` });
  }
};
