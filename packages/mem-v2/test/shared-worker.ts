import { parentPort, workerData } from "node:worker_threads";
import { SharedContext } from "../src/index.ts";
import { type Job, MAILBOX } from "./shared-job.ts";

const { handle, id, workers, operations, owners, mailboxes } = workerData as Job;
const context = SharedContext.attach(handle);
const owner = new Uint8Array(owners);
const mail = new Int32Array(mailboxes);
let state = id * 7919;
const next = (below: number): number => {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % below;
};

const mine: number[] = [];
let allocated = 0;
let freed = 0;
let fromOthers = 0;

const patternOf = (pointer: number): number => (pointer >>> 4) * 2654435761;

const free = (pointer: number, from: number): void => {
  const { i32 } = context.memory;
  if (i32[pointer / 4] !== (patternOf(pointer) | 0)) throw new Error(`the bytes at ${pointer} changed`);
  if (Atomics.exchange(owner, pointer >>> 4, 0) !== from) throw new Error(`${pointer} was not worker ${from}'s`);
  context.free(pointer);
  freed++;
};

for (let i = 0; i < operations; i++) {
  const box = (id - 1) * MAILBOX + next(MAILBOX);
  const letter = Atomics.exchange(mail, box, 0);
  if (letter !== 0) {
    const from = Atomics.load(owner, (letter >>> 0) >>> 4);
    free(letter >>> 0, from);
    fromOthers++;
  } else if (mine.length < 2000 && next(100) < 55) {
    const size = 8 + next(300);
    const pointer = context.alloc(size, id);
    const before = Atomics.exchange(owner, pointer >>> 4, id);
    if (before !== 0) throw new Error(`${pointer} was given to worker ${id} while worker ${before} has it`);
    context.memory.i32[pointer / 4] = patternOf(pointer);
    mine.push(pointer);
    allocated++;
  } else if (mine.length > 0) {
    const pointer = mine.splice(next(mine.length), 1)[0]!;
    const to = next(workers);
    // Half of them are freed by somebody else.
    const other = to * MAILBOX + next(MAILBOX);
    if (to === id - 1 || Atomics.compareExchange(mail, other, 0, pointer) !== 0) free(pointer, id);
  }
}
for (const pointer of mine) free(pointer, id);
parentPort?.postMessage({ allocated, freed, fromOthers });
