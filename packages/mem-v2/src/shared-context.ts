import {
  type AddressSpace,
  describe,
  isDestroyed,
  LinearMemory,
  MorphError,
  requireStack,
  StackGuard,
  type WasmMemory,
} from "@morph/memory";
import { generationWord, leaveAnchor, type Place, setState, stateAt, takeAnchor } from "./anchor.ts";
import { type ContextConfig, type ContextOptions, completeConfig, MODES } from "./config.ts";
import { MemoryContext } from "./context.ts";
import type { ContextStats } from "./counters.ts";
import type { ObjectHeader } from "./header.ts";
import { MODE, VERSION } from "./layout.ts";
import { LOCK_TIMEOUT_MS, Mutex } from "./mutex.ts";
import { Sharing } from "./sharing.ts";
import { LOCKED_LAYERS } from "./stack.ts";

const entering = /* @__PURE__ */ new StackGuard(LOCKED_LAYERS);

/** What a context does, on whichever memory: what {@link MemoryContext} and {@link SharedContext} have in common. */
export type Context = Pick<
  MemoryContext,
  | "memory"
  | "config"
  | "alloc"
  | "allocZeroed"
  | "tryAlloc"
  | "free"
  | "realloc"
  | "usableSize"
  | "owns"
  | "liveObjects"
  | "trim"
  | "headerOf"
  | "registerType"
  | "typeName"
  | "reset"
  | "stats"
  | "formatStats"
  | "verify"
  | "destroy"
>;

/** What another thread needs to continue a context; can be posted to a worker. */
export interface ContextHandle {
  /** The engine's memory. */
  readonly wasm: WasmMemory;
  /** The first page of it that the context's memory may use. */
  readonly firstPage: number;
  /** Where the context lies in it. */
  readonly place: Place;
  /** What the context was made with. */
  readonly config: ContextConfig;
}

/** How often a call is still assumed to be compiled inside, which takes stack. */
const COLD = 100;

/**
 * A context that several threads use, one at a time: each call takes a lock, which lies in the memory with all of the context's state, and does what
 * {@link MemoryContext} does. What is said there of a call holds here, too; ERR_MORPH_TIMEOUT comes on top.
 */
export class SharedContext implements Context {
  /** Where the objects lie. */
  readonly memory: AddressSpace;
  /** What it was made with, but for the memory and the listener. */
  readonly config: ContextConfig;
  private readonly context: MemoryContext;
  private readonly mutex: Mutex;
  private readonly place: Place;
  private readonly lockTimeoutMs: number;
  /** Word indexes of the word that says whether the context is still there, and of the version that was saved last. */
  private readonly generation: number;
  private readonly saved: number;
  /** Whether a SERVER context's listener runs: this thread has the lock then, and keeps it. */
  private listening = false;
  /** Whether this thread made the context, or has loaded it once. */
  private isLoaded: boolean;
  private coldAllocs: number = COLD;
  private coldTries: number = COLD;
  private coldFrees: number = COLD;

  /**
   * @param options as those of {@link MemoryContext}; `memory` is a shared one in which there is no other allocator
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION, ERR_MORPH_OUT_OF_MEMORY; then nothing is left in the memory but 64 bytes
   */
  constructor(options: ContextOptions);
  /** @internal */
  constructor(options: ContextOptions, attach: Attachment);
  constructor(options: ContextOptions, attach?: Attachment) {
    const { memory, lockTimeoutMs = LOCK_TIMEOUT_MS } = completeConfig(
      attach === undefined ? options : { ...options, memory: attach.memory },
    );
    if (memory?.shared !== true) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        "memory: expected a shared LinearMemory; in any other make a MemoryContext",
      );
    }
    requireStack(LOCKED_LAYERS);
    this.memory = memory;
    this.lockTimeoutMs = lockTimeoutMs;
    const place = attach?.place ?? takeAnchor(memory);
    this.place = place;
    this.generation = generationWord(place);
    this.isLoaded = attach === undefined;
    const undo: (() => void)[] = [() => leaveAnchor(memory, place)];
    try {
      const context = new MemoryContext(this.listenedTo({ ...options, memory }), new Sharing(attach?.state ?? 0));
      undo.push(() => context.destroy());
      this.context = context;
      this.config = context.config;
      this.saved = context.statePointer / 4 + VERSION;
      this.mutex = new Mutex(memory.i32, place.anchor);
      if (attach !== undefined) return;
      memory.seal(context.owners);
      undo.push(() => memory.unseal());
      context.save();
      setState(memory.i32, place, context.statePointer);
    } catch (error) {
      // Of an attached context everything is another thread's.
      if (attach === undefined) for (const step of undo.toReversed()) step();
      throw error;
    }
  }

  /**
   * Continues a shared context in this thread.
   * @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_VERSION, ERR_MORPH_DESTROYED
   */
  static attach(handle: ContextHandle): SharedContext {
    if (typeof handle?.place !== "object" || handle.place === null) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `handle: expected a context's handle, got ${describe(handle)}`);
    }
    requireStack(LOCKED_LAYERS);
    const attachment = new Attachment(handle);
    const mode = MODES[attachment.memory.i32[attachment.state / 4 + MODE] as number];
    if (handle.config?.mode === mode) return new SharedContext(handle.config, attachment);
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `handle: the context's mode is ${mode}, got ${describe(handle.config?.mode)}`,
    );
  }

  /** What {@link attach} needs in another thread. @throws ERR_MORPH_DESTROYED */
  handle(): ContextHandle {
    if (this.isDestroyed()) throw destroyed();
    const { wasm, firstPage } = this.memory;
    return { wasm, firstPage, place: this.place, config: this.config };
  }

  /**
   * This thread's number among those of the context, in the order in which they attached, from 1. ERR_MORPH_TIMEOUT names the thread that has
   * the lock by it.
   */
  get thread(): number {
    return this.mutex.token;
  }

  /** See {@link MemoryContext.alloc}. */
  alloc(size: number, typeId = 0): number {
    if (this.coldAllocs > 0) this.warm(() => this.coldAllocs--);
    this.enter();
    try {
      return this.context.alloc(size, typeId);
    } finally {
      this.leave();
    }
  }

  /** See {@link MemoryContext.free}. */
  free(pointer: number): void {
    if (this.coldFrees > 0) this.warm(() => this.coldFrees--);
    this.enter();
    try {
      this.context.free(pointer);
    } finally {
      this.leave();
    }
  }

  /** See {@link MemoryContext.allocZeroed}. */
  allocZeroed(size: number, typeId = 0): number {
    return this.act(() => this.context.allocZeroed(size, typeId));
  }

  /** See {@link MemoryContext.tryAlloc}. */
  tryAlloc(size: number, typeId = 0): number {
    if (this.coldTries > 0) this.warm(() => this.coldTries--);
    this.enter();
    try {
      return this.context.tryAlloc(size, typeId);
    } finally {
      this.leave();
    }
  }

  /** See {@link MemoryContext.realloc}. */
  realloc(pointer: number, size: number): number {
    return this.act(() => this.context.realloc(pointer, size));
  }

  /** See {@link MemoryContext.usableSize}. */
  usableSize(pointer: number): number {
    return this.look(() => this.context.usableSize(pointer));
  }

  /** See {@link MemoryContext.owns}. */
  owns(pointer: number): boolean {
    return !this.isDestroyed() && this.look(() => this.context.owns(pointer));
  }

  /**
   * See {@link MemoryContext.liveObjects}; the pointers are those of the moment of the call for the first, which takes the lock once. O(objects) of
   * memory.
   */
  *liveObjects(typeId?: number): Generator<number, void, undefined> {
    yield* this.look(() => [...this.context.liveObjects(typeId)]);
  }

  /** See {@link MemoryContext.trim}. */
  trim(): number {
    return this.act(() => this.context.trim());
  }

  /** See {@link MemoryContext.headerOf}. */
  headerOf(pointer: number): ObjectHeader {
    return this.look(() => this.context.headerOf(pointer));
  }

  /** See {@link MemoryContext.registerType}. */
  registerType(id: number, name: string): void {
    this.act(() => this.context.registerType(id, name));
  }

  /** See {@link MemoryContext.typeName}. */
  typeName(id: number): string | undefined {
    return this.look(() => this.context.typeName(id));
  }

  /** See {@link MemoryContext.reset}. */
  reset(): void {
    this.act(() => this.context.reset());
  }

  /** See {@link MemoryContext.stats}. */
  stats(): ContextStats {
    return this.look(() => this.context.stats());
  }

  /** See {@link MemoryContext.formatStats}. */
  formatStats(): string {
    return this.look(() => this.context.formatStats());
  }

  /** See {@link MemoryContext.verify}. */
  verify(): void {
    this.look(() => this.context.verify());
  }

  /** Returns all pages to the memory; the memory itself stays. Every use from then on, in any thread, is refused. */
  destroy(): void {
    if (isDestroyed(this.memory)) this.context.destroy();
    else if (!this.isDestroyed()) {
      this.act(() => {
        this.context.destroy();
        leaveAnchor(this.memory, this.place);
        this.memory.unseal();
      });
    }
  }

  /** `using ctx = new SharedContext({ ...COMPILER, memory })` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** The options, with a listener during which this thread keeps the lock. */
  private listenedTo(options: ContextOptions): ContextOptions {
    const { onMemoryPressure } = options;
    if (typeof onMemoryPressure !== "function") return options;
    const listener = (held: number, limit: number): void => {
      this.listening = true;
      try {
        onMemoryPressure(held, limit);
      } finally {
        this.listening = false;
      }
    };
    return { ...options, onMemoryPressure: listener };
  }

  /** Runs `action` with the lock. */
  private act<T>(action: () => T): T {
    // Before the lock is taken, as giving it back takes stack, too.
    requireStack(LOCKED_LAYERS);
    this.enter();
    try {
      return action();
    } finally {
      this.leave();
    }
  }

  /** Runs `action`, which changes nothing: a growth listener may, and must not wait for the lock there. */
  private look<T>(action: () => T): T {
    return this.context.isSuspended ? action() : this.act(action);
  }

  private warm(count: () => void): void {
    requireStack(LOCKED_LAYERS);
    count();
  }

  /** Takes the lock, and what another thread has changed; in a growth listener the memory refuses that. Once it has the lock it cannot fail. */
  private enter(): void {
    if (this.context.isSuspended) this.memory.refresh();
    if (this.listening) return;
    // What it takes to give the lock back, unless something has to be saved: then who changed it has asked for more.
    entering.require(this.saved);
    // When this thread had no stack left to give it back.
    if (this.mutex.held) this.giveBack();
    this.mutex.lock(this.lockTimeoutMs);
    if (this.isCurrent()) this.context.loadBelowPeak();
    else this.enterAnew();
  }

  /** What another thread has changed is loaded, with stack enough for that: the lock is given back before that is asked for. */
  private enterAnew(): void {
    this.mutex.unlock();
    requireStack(LOCKED_LAYERS);
    this.mutex.lock(this.lockTimeoutMs);
    try {
      if (this.isDestroyed()) {
        this.context.abandon();
        throw destroyed();
      }
      this.context.load();
      this.isLoaded = true;
    } catch (error) {
      this.mutex.unlock();
      throw error;
    }
  }

  private leave(): void {
    if (!this.listening) this.giveBack();
  }

  /** Gives the lock back, after what this thread has changed is saved. */
  private giveBack(): void {
    if (this.isCurrent()) this.context.saveBelowPeak();
    else if (!this.isDestroyed()) this.context.save();
    this.mutex.unlock();
  }

  /** Whether this thread knows what was saved last. */
  private isCurrent(): boolean {
    const { i32 } = this.memory;
    return this.isLoaded && i32[this.generation] === this.place.generation && i32[this.saved] === this.context.version;
  }

  private isDestroyed(): boolean {
    return this.memory.i32[this.generation] !== this.place.generation;
  }
}

/** A context's handle, and the memory that was attached for it. */
class Attachment {
  readonly memory: AddressSpace;
  readonly place: Place;
  readonly state: number;

  constructor({ wasm, firstPage, place }: ContextHandle) {
    this.memory = new LinearMemory({ wasm, firstPage, attach: true });
    this.place = place;
    this.state = stateAt(this.memory, place);
  }
}

function destroyed(): MorphError {
  return new MorphError("ERR_MORPH_DESTROYED", "the context was destroyed");
}
