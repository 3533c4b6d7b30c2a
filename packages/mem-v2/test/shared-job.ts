import type { ContextHandle } from "../src/index.ts";

/** What a worker of the shared test is given. */
export interface Job {
  readonly handle: ContextHandle;
  /** This worker's number, from 1, and how many there are. */
  readonly id: number;
  readonly workers: number;
  readonly operations: number;
  /** One byte for each 16 bytes of the memory: which worker has the object there. */
  readonly owners: SharedArrayBuffer;
  /** For each worker `MAILBOX` words into which the others put pointers for it to free. */
  readonly mailboxes: SharedArrayBuffer;
}

/** Words of a mailbox. */
export const MAILBOX = 1024;
