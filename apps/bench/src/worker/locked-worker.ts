import { parentPort, workerData } from "node:worker_threads";
import { SharedContext } from "@morph/mem-v2";
import { xorshift } from "../xorshift.js";
import type { Orders } from "./crew.js";

// One worker of a crew: random replacement among 64 objects of its own in the context that all share. native/bench.c and
// native/context-bench.c do the same in `locked_work`.

const RING = 64;
const SEED = 0x9e3779b9;

const { handle, start, finished, index, times, size } = workerData as Orders;
const context = SharedContext.attach(handle);
const ring = new Uint32Array(RING);

const work = (): void => {
  const next = xorshift(SEED + index);
  ring.fill(0);
  for (let i = 0; i < times; i++) {
    const at = i % RING;
    const old = ring[at]!;
    if (old !== 0) context.free(old);
    ring[at] = context.alloc(1 + (next() % size), index + 1);
  }
  for (const pointer of ring) if (pointer !== 0) context.free(pointer);
};

parentPort!.postMessage("ready");
for (let round = 0; ; round++) {
  while (Atomics.load(start, 0) === round) Atomics.wait(start, 0, round);
  work();
  Atomics.add(finished, 0, 1);
  Atomics.notify(finished, 0);
}
