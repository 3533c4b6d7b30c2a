import { random } from "./kit.mjs";

/** Words of a thread's mailbox, into which others put pointers for it to free. */
export const MAILBOX = 512;

/**
 * One thread's part in a random program on a shared context: it allocates, frees, and leaves some to the others. Who has an object is also kept aside, so that
 * one which is given twice is found.
 * @param id this thread's number, from 1 to `threads`
 * @returns how many it allocated and freed
 */
export function share(context, { id, threads, operations, owners, mailboxes, seed }) {
  const next = random(seed * 7919 + id);
  const owner = new Uint8Array(owners);
  const mail = new Int32Array(mailboxes);
  const mine = [];
  let [allocated, freed] = [0, 0];
  const free = (pointer, from) => {
    if (context.memory.u32[pointer / 4] !== pointer) throw new Error(`the bytes at ${pointer} changed`);
    const was = Atomics.exchange(owner, pointer >>> 4, 0);
    if (was !== from) throw new Error(`${pointer} was thread ${was}'s, not thread ${from}'s`);
    context.free(pointer);
    freed++;
  };
  for (let i = 0; i < operations; i++) {
    const letter = Atomics.exchange(mail, (id - 1) * MAILBOX + next(MAILBOX), 0);
    if (letter !== 0) free(letter, Atomics.load(owner, letter >>> 4));
    else if (mine.length === 0 || (mine.length < 1000 && next(100) < 55)) {
      const pointer = context.alloc(next(50) === 0 ? 8 + next(20_000) : 8 + next(300), id);
      const was = Atomics.exchange(owner, pointer >>> 4, id);
      if (was !== 0) throw new Error(`thread ${id} was given ${pointer}, which thread ${was} has`);
      context.memory.u32[pointer / 4] = pointer;
      mine.push(pointer);
      allocated++;
    } else {
      const [pointer] = mine.splice(next(mine.length), 1);
      const to = next(threads);
      const isKept = to === id - 1 || Atomics.compareExchange(mail, to * MAILBOX + next(MAILBOX), 0, pointer) !== 0;
      if (isKept) free(pointer, id);
    }
  }
  for (const pointer of mine) free(pointer, id);
  return { allocated, freed };
}
