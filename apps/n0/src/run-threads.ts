/*
 * Morph threads, one at a time: a thread runs until it waits (for a channel, for time to pass, for its next turn). Then it
 * is unwound (binaryen's asyncify): its WebAssembly frames go into a buffer of the memory and from there into a copy that
 * the thread keeps, and the next thread that can go on is called again and continued. The program ends when its first
 * thread has ended; what the others can still do within 100 ms is done, as the original's processes take that long to end.
 *
 *   buffer  ┬ end of the frames 4 ┬ end of the buffer 4 ┬ frames ...
 */
import type { Runtime } from "n0-runtime";
import type { Manifest } from "./codegen/manifest.ts";
import { RECEIVE, SEND, SLEEP, SPAWN, YIELD } from "./codegen/names.ts";
import { failureAt, ProgramFailure } from "./run-failure.ts";
import { type HostFunctions, hostFunctions } from "./run-host.ts";
import { moduleStacks, shadowStacks, type ThreadStack, type ThreadStacks } from "./thread-stacks.ts";

const BUFFER_HEADER = 8;
const GRACE_MS = 100;

interface Thread {
  /** Calls the module from the start. */
  readonly enter: () => void;
  readonly stack: ThreadStack;
  /** Its unwound frames; null before it has run. */
  frames: Uint8Array | null;
  /** Tries what it waits for; true when that is done. */
  attempt: () => boolean;
  /** When it wakes, if it sleeps; else Infinity. */
  wake: number;
  /** Where it waits. */
  place: string;
}

interface Exports {
  readonly start: () => void;
  readonly run_thread: (index: number, low: number, high: number) => void;
  readonly asyncify_start_unwind: (buffer: number) => void;
  readonly asyncify_stop_unwind: () => void;
  readonly asyncify_start_rewind: (buffer: number) => void;
  readonly asyncify_stop_rewind: () => void;
}

/** Ends a thread that still runs when the program's time is over. */
class TimeIsUp extends Error {}

/** Runs the threads of one program. */
export class Scheduler {
  private readonly runtime: Runtime;
  private readonly buffer: number;
  private readonly bufferBytes: number;
  private exports!: Exports;
  private stacks!: ThreadStacks;
  private threads: Thread[] = [];
  private current!: Thread;
  private rewinding = false;
  private unwinding = false;
  private deadline = Number.POSITIVE_INFINITY;

  /** @param bufferBytes what the frames of one thread may take when it waits */
  constructor(runtime: Runtime, bufferBytes: number) {
    this.runtime = runtime;
    this.buffer = runtime.acquireRegion(bufferBytes, false);
    this.bufferBytes = bufferBytes;
  }

  /** What the module imports. */
  functions(manifest: Manifest): HostFunctions {
    const { runtime } = this;
    const place = (file: number, line: number): string => `${manifest.files[file]}:${line}`;
    return {
      ...hostFunctions(runtime, manifest),
      [SEND]: (channel, low, high, file, line) => {
        this.wait(() => runtime.mph_channel_try_send(channel!, low!, high!) !== 0, place(file!, line!));
      },
      [RECEIVE]: (channel, file, line) => {
        this.wait(() => runtime.mph_channel_try_recv(channel!) !== 0, place(file!, line!));
      },
      [SLEEP]: (low, high) => this.sleep(Math.max(high! * 2 ** 32 + (low! >>> 0), 0)),
      [YIELD]: () => this.yield(),
      [SPAWN]: (index, low, high, traced) => this.spawn(index!, low!, high!, traced!),
    };
  }

  /** Runs the program to its end. @param onShadowStack whether its references lie on the collector's stack. @throws what ends it early */
  run(instance: WebAssembly.Instance, onShadowStack: boolean): void {
    this.exports = instance.exports as unknown as Exports;
    const { runtime } = this;
    this.stacks = onShadowStack
      ? shadowStacks(runtime)
      : moduleStacks(runtime, instance.exports as Record<string, WebAssembly.Global>);
    const first = this.newThread(() => this.exports.start(), this.stacks.first());
    let last = first;
    for (;;) {
      const next = this.next(last);
      if (next === null) return;
      this.enter(next);
      if (this.threads.includes(next)) {
        last = next;
        continue;
      }
      // Round robin goes on behind the place where the thread stood.
      last = this.threads.at(-1) ?? next;
      if (next === first) this.deadline = performance.now() + GRACE_MS;
    }
  }

  /** The next thread that can go on, from the one behind `last` on; null at the end of the program. */
  private next(last: Thread): Thread | null {
    for (;;) {
      const { threads } = this;
      const start = threads.indexOf(last) + 1;
      const ending = this.deadline !== Number.POSITIVE_INFINITY;
      if (threads.length === 0 || (ending && performance.now() >= this.deadline)) return null;
      const first = Math.min(...threads.map((thread) => thread.wake));
      for (let i = 0; i < threads.length; i++) {
        const thread = threads[(start + i) % threads.length]!;
        // Who wakes first goes on first, also when time has passed for others as well.
        const sleeps = thread.wake !== Number.POSITIVE_INFINITY && thread.wake > first;
        if (!sleeps && thread.attempt()) return thread;
      }
      const wake = Math.min(this.deadline, first);
      if (wake === this.deadline) {
        if (ending) return null;
        throw failureAt(`deadlock: every thread waits, the first at ${threads[0]!.place}`);
      }
      this.runtime.mph_time_Sleep(Math.max(Math.ceil(wake - performance.now()), 0), 0);
    }
  }

  /** Lets a thread run until it waits or ends. */
  private enter(thread: Thread): void {
    const { runtime, exports, buffer } = this;
    this.current = thread;
    thread.stack.enter();
    const { frames } = thread;
    if (frames !== null) {
      const { memory } = runtime;
      memory.u8.set(frames, buffer + BUFFER_HEADER);
      memory.i32[buffer / 4] = buffer + BUFFER_HEADER + frames.length;
      memory.i32[buffer / 4 + 1] = buffer + this.bufferBytes;
      this.rewinding = true;
      exports.asyncify_start_rewind(buffer);
    }
    try {
      thread.enter();
      if (this.unwinding) exports.asyncify_stop_unwind();
    } catch (error) {
      // Unwinding writes, and traps when it has written more than the buffer holds.
      if (this.unwinding) throw new ProgramFailure("stack overflow");
      if (!(error instanceof TimeIsUp)) throw error;
      this.threads = [];
      return;
    }
    if (this.unwinding) this.keep(thread);
    else this.end(thread);
  }

  /** Keeps what a thread left in the buffer. */
  private keep(thread: Thread): void {
    const { buffer } = this;
    this.unwinding = false;
    const { memory } = this.runtime;
    const end = memory.i32[buffer / 4]! >>> 0;
    thread.frames = memory.u8.slice(buffer + BUFFER_HEADER, end);
    thread.stack.keep();
  }

  private end(thread: Thread): void {
    this.threads = this.threads.filter((other) => other !== thread);
    if (thread.stack.id !== 0) thread.stack.end();
  }

  /** Called by the module: returns when `attempt` has done it, sooner or later. */
  private wait(attempt: () => boolean, place: string, wake = Number.POSITIVE_INFINITY): void {
    const { exports, buffer, current } = this;
    if (this.rewinding) {
      this.rewinding = false;
      exports.asyncify_stop_rewind();
      return;
    }
    if (attempt()) return;
    current.attempt = attempt;
    current.place = place;
    current.wake = wake;
    const { i32 } = this.runtime.memory;
    i32[buffer / 4] = buffer + BUFFER_HEADER;
    i32[buffer / 4 + 1] = buffer + this.bufferBytes;
    this.unwinding = true;
    exports.asyncify_start_unwind(buffer);
  }

  private sleep(milliseconds: number): void {
    const wake = performance.now() + milliseconds;
    const alone = this.threads.length === 1;
    this.wait(
      this.afterOthers(alone, () => performance.now() >= wake),
      "",
      wake,
    );
  }

  private yield(): void {
    if (!this.rewinding) {
      if (performance.now() >= this.deadline) throw new TimeIsUp();
      if (this.threads.length === 1) return;
    }
    this.wait(
      this.afterOthers(false, () => true),
      "",
    );
  }

  /** An attempt whose first answer is no, so that the others come first; unless there are none. */
  private afterOthers(alone: boolean, attempt: () => boolean): () => boolean {
    let asked = alone;
    return () => {
      const before = asked;
      asked = true;
      return before && attempt();
    };
  }

  private spawn(index: number, low: number, high: number, traced: number): void {
    const stack = this.stacks.create(low, traced !== 0);
    this.newThread(() => this.exports.run_thread(index, stack.argument(), high), stack);
  }

  private newThread(enter: () => void, stack: ThreadStack): Thread {
    const thread: Thread = {
      enter,
      stack,
      frames: null,
      attempt: () => true,
      wake: Number.POSITIVE_INFINITY,
      place: "",
    };
    this.threads.push(thread);
    return thread;
  }
}
