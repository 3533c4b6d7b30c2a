import { LAYOUT } from "@morph/gc";
import { isDestroyed, LinearMemory, MorphError } from "@morph/memory";
import type { AllocatorStats } from "./allocator.ts";
import { type AllocatorName, type AllocatorSet, createAllocator } from "./create-allocator.ts";
import { nullFailure, RuntimeFailure } from "./failure.ts";
import type { GcOptions } from "./gc/allocator.ts";
import { GcArrays } from "./gc/arrays.ts";
import { GcHeap } from "./gc/heap.ts";
import { GcStrings } from "./gc/strings.ts";
import { RUNTIME_IMPORTS } from "./imports.ts";
import { ConvNatives } from "./natives/conv.ts";
import { IoNatives } from "./natives/io.ts";
import { OsNatives } from "./natives/os.ts";
import { PrintNatives } from "./natives/print.ts";
import { TimeNatives } from "./natives/time.ts";
import type { Recorder } from "./recording/recorder.ts";
import { Regions } from "./regions.ts";
import { RuntimeHeap } from "./runtime-heap.ts";
import type { V1Options } from "./v1/allocator.ts";
import { V1Daemon } from "./v1/daemon.ts";
import { Arrays } from "./values/arrays.ts";
import { Builders } from "./values/builders.ts";
import { Channels, deadlock } from "./values/channels.ts";
import { Maps } from "./values/maps.ts";
import { Objects } from "./values/objects.ts";
import { Strings } from "./values/strings.ts";
import type { MorphTypeInfo } from "./values/types.ts";
import { type ByteWriter, DescriptorWriter } from "./writer.ts";

/** How to make a {@link Runtime}. */
export interface RuntimeOptions {
  /** Who allocates. */
  readonly allocator: AllocatorName;
  /** Where everything lies. Default: a new memory. */
  readonly memory?: LinearMemory;
  /** Where the program's stdout goes. Default: file descriptor 1, buffered; {@link Runtime.flush} passes the rest on. */
  readonly stdout?: ByteWriter;
  /** The program's arguments, for `os.Args`. Default: none. */
  readonly args?: readonly string[];
  /** Told of every call. */
  readonly recorder?: Recorder;
  /** What of V1, and of the collector, can be asked for; nothing for V2. */
  readonly v1?: V1Options;
  readonly gc?: GcOptions;
}

const RESULT_CELLS = 8;

const PANIC = new TextEncoder().encode("Panic: Array index out of bounds\n");

/** Makes a runtime. @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_OUT_OF_MEMORY */
export function createRuntime(options: RuntimeOptions): Runtime {
  return new Runtime(options);
}

/**
 * The V1 runtime's functions, with their C names but without the context and environment parameters. All parameters and
 * results are 32-bit numbers, pointers signed or not; 64-bit results lie in the result cell. What each does: the README's tables.
 */
export class Runtime {
  readonly memory: LinearMemory;
  /** Address of 8 cells of 8 bytes for results. */
  readonly resultCell: number;
  private readonly heap: RuntimeHeap;
  private readonly stdout: ByteWriter;
  private readonly set: AllocatorSet;
  private readonly strings: Strings;
  private readonly arrays: Arrays;
  private readonly maps: Maps;
  private readonly objects: Objects;
  private readonly channels: Channels;
  private readonly builders: Builders;
  private readonly io: IoNatives;
  private readonly os: OsNatives;
  private readonly conv: ConvNatives;
  private readonly time: TimeNatives;
  private readonly printing: PrintNatives;
  private readonly daemon?: V1Daemon;
  private readonly regions: Regions;
  /** What gives back to the memory what was taken, in the order in which it was taken. */
  private readonly taken: (() => void)[] = [];
  /** Unsubscribes from the memory's end. */
  private readonly forgetEnd: (() => void) | undefined;
  private ended = false;

  /** @throws ERR_MORPH_INVALID_CONFIG, ERR_MORPH_OUT_OF_MEMORY */
  constructor(options: RuntimeOptions) {
    const {
      allocator,
      memory = new LinearMemory(),
      stdout = new DescriptorWriter(1),
      args = [],
      recorder,
      v1 = {},
      gc = {},
    } = options ?? {};
    this.memory = memory;
    this.stdout = stdout;
    this.regions = new Regions(memory);
    this.taken.push(() => this.regions.destroy());
    try {
      this.resultCell = memory.acquireTable(RESULT_CELLS * 8);
      this.taken.push(() => memory.releaseTable(this.resultCell, RESULT_CELLS * 8));
      const clock = v1.clock ?? v1.swapFolder !== undefined;
      this.set = createAllocator(allocator, memory, this.regions, { v1: { ...v1, clock }, gc });
      this.taken.push(() => this.set.allocator.destroy());
      if (this.set.gc === undefined) {
        this.heap = new RuntimeHeap(memory, this.set.allocator, this.set.roots, recorder, this.resultCell);
        this.strings = new Strings(this.heap);
        this.arrays = new Arrays(this.heap, this.strings);
      } else {
        const heap = new GcHeap(memory, this.set.gc, recorder, this.resultCell);
        this.heap = heap;
        this.strings = new GcStrings(heap);
        this.arrays = new GcArrays(heap, this.strings);
      }
      this.taken.push(() => this.heap.destroy());
      this.maps = new Maps(this.heap, this.strings, this.arrays);
      this.objects = new Objects(this.heap);
      this.channels = new Channels(this.heap, memory);
      this.builders = new Builders(this.heap, this.strings, () =>
        this.registerType({ name: "bytes.Builder", size: 24, pointerOffsets: [0] }),
      );
      this.io = new IoNatives(this.heap, this.strings, this.arrays, stdout);
      this.os = new OsNatives(this.heap, this.strings, this.arrays, args);
      this.conv = new ConvNatives(this.heap, this.strings, this.objects);
      this.time = new TimeNatives(this.heap, stdout);
      this.printing = new PrintNatives(this.heap, this.strings, stdout);
      if (this.set.v1 !== undefined && v1.swapFolder !== undefined) {
        this.daemon = new V1Daemon(this.set.v1, v1.swapFolder, () => this.heap.collect());
      }
    } catch (error) {
      this.giveBack();
      throw error;
    }
    if (recorder !== undefined) this.recordCalls(recorder);
    this.forgetEnd = memory.onDestroy?.(() => this.end());
  }

  // --- for hosts ---------------------------------------------------------------------------------------------------

  /** The import object of a compiled module; see {@link RUNTIME_IMPORTS}. */
  imports(): { env: Record<string, WebAssembly.ImportValue> } {
    const env: Record<string, WebAssembly.ImportValue> = { memory: this.memory.wasm };
    const methods = this as unknown as Record<string, (...args: number[]) => number>;
    for (const { name } of RUNTIME_IMPORTS) env[name] = methods[name]!.bind(this);
    // The ones called most: a bound function takes 3 ns more.
    env.mph_alloc = (size: number, type: number) => this.mph_alloc(size, type);
    env.mph_gc_push_root = (slot: number) => this.mph_gc_push_root(slot);
    env.mph_gc_push_frame = (address: number, count: number) => this.mph_gc_push_frame(address, count);
    env.mph_gc_pop_roots = (count: number) => this.mph_gc_pop_roots(count);
    env.mph_map_get = (map: number, low: number, high: number) => this.mph_map_get(map, low, high);
    env.mph_map_set = (m: number, kl: number, kh: number, l: number, h: number) => this.mph_map_set(m, kl, kh, l, h);
    env.mph_string_concat = (a: number, b: number) => this.mph_string_concat(a, b);
    env.mph_string_eq = (a: number, b: number) => this.mph_string_eq(a, b);
    env.mph_string_new = (bytes: number, length: number) => this.mph_string_new(bytes, length);
    env.mph_bytes_AddByte = (builder: number, low: number, high: number) => this.mph_bytes_AddByte(builder, low, high);
    env.mph_bytes_Get = (builder: number, low: number, high: number) => this.mph_bytes_Get(builder, low, high);
    if (this.set.gc !== undefined) {
      const { control } = this.set.gc.collector;
      const word = (index: number): number => this.memory.i32[control / 4 + index] as number;
      env.gc_control = control | 0;
      env.gc_nursery_base = word(LAYOUT.NURSERY_BASE);
      env.gc_nursery_bytes = word(LAYOUT.NURSERY_BYTES);
      env.gc_string_cursors = this.set.gc.stringCursors | 0;
      // Kinds of data blocks are made when a module asks for them.
      const { gc } = this.set;
      Object.defineProperty(env, "gc_array_cursors", { enumerable: true, get: () => gc.arrayCursors() | 0 });
    }
    return { env };
  }

  /**
   * Where generated code on the collector finds the next object of a type: the address of its cursor, with the limit in the word behind. 0 when `mph_alloc` has to be called:
   * for objects beyond 2,048 bytes, and on V1 and V2.
   * @throws ERR_MORPH_INVALID_TYPE
   */
  cursorOf(type: number): number {
    return this.set.gc?.cursorOf(type) ?? 0;
  }

  /** Puts a pointer on the current Morph thread's shadow stack, for ever. Only on the collector. @returns the address where it stands, updated when the object moves. @throws the failure `stack` */
  pushReference(pointer: number): number {
    const { gc } = this.set;
    if (gc === undefined) throw new MorphError("ERR_MORPH_INVALID_CONFIG", "only the collector has a shadow stack");
    return gc.roots.pushReference(pointer);
  }

  /** Collects what was allocated last, on the collector; on V1 and V2 nothing. @throws ERR_MORPH_OUT_OF_MEMORY */
  emptyNursery(): void {
    this.set.gc?.emptyNursery();
  }

  /**
   * A handle for a type; equal types have the same one.
   * @throws ERR_MORPH_INVALID_TYPE for a field out of range, and on V2 when 127 types are registered
   */
  registerType(info: MorphTypeInfo): number {
    const { types } = this.set;
    const before = types.last;
    const handle = types.register(info);
    if (handle > before) this.heap.recorder?.type(info, handle);
    return handle;
  }

  /**
   * Memory outside both allocators, for stacks, globals and literals.
   * @param zeroed whether its bytes have to be 0; a large stack need not be touched before it is used. Default true
   * @throws ERR_MORPH_INVALID_SIZE, ERR_MORPH_OUT_OF_MEMORY
   */
  acquireRegion(bytes: number, zeroed = true): number {
    const pointer = this.regions.acquire(bytes, zeroed);
    this.heap.recorder?.region(pointer, bytes, zeroed);
    return pointer;
  }

  /** Takes a region back. @throws ERR_MORPH_INVALID_POINTER */
  releaseRegion(pointer: number): void {
    this.regions.release(pointer);
  }

  /** A string of UTF-8 text or bytes. */
  newString(content: string | Uint8Array): number {
    return this.strings.createFrom(content);
  }

  /** A string's content, read as UTF-8. */
  textOf(string: number): string {
    return this.strings.textOf(string);
  }

  /** What the allocator holds and has done; see {@link formatStats}. O(live objects). */
  stats(): AllocatorStats {
    return this.set.allocator.stats();
  }

  /** Walks the whole heap. @throws ERR_MORPH_INVALID_POINTER that names the first thing wrong */
  verify(): void {
    this.set.allocator.verify();
  }

  /** Payload bytes and type handle of an object, as its header says. O(1). */
  headerOf(pointer: number): { size: number; type: number } {
    const { allocator } = this.set;
    return { size: allocator.sizeOf(pointer), type: allocator.typeOf(pointer) };
  }

  /** Passes on what is buffered for stdout. */
  flush(): void {
    this.stdout.flush();
  }

  /**
   * One pass of V1's daemon, for a host that asked for it with `v1.swapFolder`; the original makes one every 100 ms.
   * @param now the clock, as `performance.now()` tells it
   */
  runDaemon(now: number = performance.now()): void {
    this.daemon?.pass(now);
  }

  /** Flushes, closes files, and gives everything back to the memory, if that is still there; its functions are ERR_MORPH_DESTROYED from then on. Again is nothing. */
  destroy(): void {
    if (this.ended && !isDestroyed(this.memory)) return;
    this.flush();
    this.io.closeAll();
    this.daemon?.destroy();
    this.end();
    this.forgetEnd?.();
    if (isDestroyed(this.memory)) return;
    this.channels.destroyAll();
    this.giveBack();
  }

  // --- memory and roots --------------------------------------------------------------------------------------------

  mph_alloc(size: number, type: number): number {
    // A module's sizes above 2 GiB come in negative.
    return this.heap.alloc(size < 0 ? size >>> 0 : size, type);
  }

  mph_gc_push_root(slot: number): void {
    this.heap.recorder?.pushRoot(slot);
    this.set.roots.push(slot);
  }

  mph_gc_push_frame(address: number, count: number): void {
    this.heap.recorder?.pushFrame(address, count);
    this.set.roots.pushFrame(address, count);
  }

  mph_gc_pop_roots(count: number): void {
    this.popRoots(count);
  }

  mph_gc_root_depth(): number {
    return this.set.roots.depth;
  }

  mph_gc_restore_roots(depth: number): void {
    this.popRoots(this.set.roots.depth - depth);
  }

  mph_gc_collect(): void {
    this.heap.collect();
  }

  /** What generated code has to do before it stores a pointer in an old object; on V1 and V2 nothing. */
  mph_gc_barrier(object: number, offset: number, pointer: number): void {
    this.set.gc?.collector.barrier(object, offset, pointer);
  }

  /** Makes room on the shadow stack up to an address; on V1 and V2 nothing. @throws the failure `stack` */
  mph_gc_grow_stack(end: number): void {
    this.set.gc?.roots.growStack(end);
  }

  mph_record_store(address: number, pointer: number): void {
    this.heap.recorder?.storePointer(address, pointer);
  }

  mph_record_word(address: number, value: number): void {
    this.heap.recorder?.storeWord(address, value);
  }

  mph_thread_new(): number {
    this.heap.recorder?.newThread();
    return this.set.roots.newThread();
  }

  mph_thread_switch(thread: number): number {
    const previous = this.set.roots.switchThread(thread);
    this.heap.recorder?.switchThread(thread);
    return previous;
  }

  mph_thread_end(thread: number): void {
    this.set.roots.endThread(thread);
    this.heap.recorder?.endThread(thread);
  }

  // --- strings -----------------------------------------------------------------------------------------------------

  mph_string_new(bytes: number, length: number): number {
    return this.strings.create(bytes, length);
  }

  mph_string_concat(a: number, b: number): number {
    return this.strings.concat(a, b);
  }

  mph_string_Concat(a: number, b: number): number {
    return this.strings.concat(a, b);
  }

  mph_string_eq(a: number, b: number): number {
    return this.strings.equals(a, b) ? 1 : 0;
  }

  mph_string_len(string: number): number {
    return this.strings.length(string);
  }

  mph_string_Length(string: number): number {
    return this.strings.length(string);
  }

  mph_string_index(string: number, sub: number): number {
    return this.strings.index(string, sub);
  }

  mph_string_trim(string: number, cut: number): number {
    return this.strings.trim(string, cut);
  }

  mph_string_split(string: number, separator: number): number {
    return this.arrays.split(string, separator);
  }

  mph_string_substring(string: number, startLow: number, startHigh: number, endLow: number, endHigh: number): number {
    return this.strings.substring(string, startLow, startHigh, endLow, endHigh);
  }

  // --- arrays and maps ---------------------------------------------------------------------------------------------

  mph_array_new(capacity: number, elementSize: number, pointers: number): number {
    return this.arrays.create(capacity, elementSize, pointers);
  }

  mph_array_at(array: number, low: number, high: number): number {
    const address = this.arrays.at(array, low, high);
    return address < 0 ? this.mph_fail_index() : address;
  }

  mph_array_concat(a: number, b: number): number {
    return this.arrays.concat(a, b);
  }

  mph_map_new(kind: number, pointers: number): number {
    return this.maps.create(kind, pointers);
  }

  mph_array_grow(array: number): void {
    this.arrays.grow(array);
  }

  mph_map_keys(map: number, order: number): number {
    return this.maps.keys(map, order);
  }

  mph_map_set(map: number, keyLow: number, keyHigh: number, low: number, high: number): void {
    this.maps.set(map, keyLow, keyHigh, low, high);
  }

  mph_map_get(map: number, keyLow: number, keyHigh: number): number {
    return this.maps.get(map, keyLow, keyHigh) ? 1 : 0;
  }

  mph_map_delete(map: number, keyLow: number, keyHigh: number): void {
    this.maps.delete(map, keyLow, keyHigh);
  }

  mph_map_len(map: number): number {
    return this.maps.length(map);
  }

  mph_map_resize(map: number, capacity: number): void {
    this.maps.resize(map, capacity);
  }

  mph_hash_bytes(bytes: number, length: number): void {
    this.maps.hashBytes(bytes, length);
  }

  mph_hash_key(kind: number, low: number, high: number): void {
    this.maps.hashKey(kind, low, high);
  }

  mph_key_eq(kind: number, aLow: number, aHigh: number, bLow: number, bHigh: number): number {
    return this.maps.keysEqual(kind, aLow, aHigh, bLow, bHigh) ? 1 : 0;
  }

  // --- closures, errors, interfaces, channels ----------------------------------------------------------------------

  /** The size is not needed: the environment's header has it. */
  mph_closure_new(fn: number, environment: number, _environmentSize = 0): number {
    return this.objects.closure(fn, environment);
  }

  mph_error_new(message: number): number {
    return this.objects.error(message);
  }

  mph_assert_type(instance: number, _vtable: number, typeId: number, id: number): number {
    return typeId === id ? instance >>> 0 : 0;
  }

  mph_interface_box(instance: number, vtable: number, typeId: number): number {
    return this.objects.box(instance, vtable, typeId);
  }

  mph_channel_new(): number {
    return this.channels.create();
  }

  mph_channel_destroy(channel: number): void {
    this.channels.destroy(channel);
  }

  mph_channel_try_send(channel: number, low: number, high: number): number {
    return this.channels.trySend(channel, low, high) ? 1 : 0;
  }

  mph_channel_try_recv(channel: number): number {
    return this.channels.tryReceive(channel) ? 1 : 0;
  }

  mph_channel_send(channel: number, low: number, high: number): void {
    if (!this.channels.trySend(channel, low, high))
      this.fail(deadlock("a send to a full channel, and nobody receives"));
  }

  mph_channel_recv(channel: number): void {
    if (!this.channels.tryReceive(channel)) this.fail(deadlock("a receive from an empty channel, and nobody sends"));
  }

  // --- natives -----------------------------------------------------------------------------------------------------

  mph_native_print(string: number): void {
    this.printing.print(string);
  }

  mph_native_print_int(low: number, high: number): void {
    this.printing.printInt(low, high);
  }

  mph_native_print_error(error: number): void {
    this.printing.printError(error);
  }

  mph_io_make_file(low: number, high = 0): number {
    return this.io.makeFile(low, high);
  }

  mph_io_Open(path: number): number {
    return this.io.open(path, "r");
  }

  mph_io_Create(path: number): number {
    return this.io.open(path, "w+");
  }

  mph_io_Read(file: number, sizeLow: number, sizeHigh: number): number {
    return this.io.read(file, sizeLow, sizeHigh);
  }

  mph_io_Write(file: number, string: number): number {
    return this.io.write(file, string);
  }

  mph_io_Close(file: number): number {
    return this.io.close(file);
  }

  mph_io_ReadAll(file: number): number {
    return this.io.readAll(file);
  }

  mph_io_WriteBytes(file: number, bytes: number): number {
    return this.io.writeInts(file, bytes);
  }

  mph_os_args(): number {
    return this.os.args();
  }

  mph_os_Exit(low: number, _high: number): never {
    return this.os.exit(low);
  }

  mph_string_FromByte(low: number, _high: number): number {
    return this.strings.ofByte(low);
  }

  mph_string_FromBytes(bytes: number): number {
    return this.arrays.toBytes(bytes);
  }

  mph_string_Bytes(string: number): number {
    return this.arrays.ofBytes(string);
  }

  mph_string_Compare(a: number, b: number): number {
    return this.strings.compare(a, b);
  }

  mph_bytes_New(): number {
    return this.builders.create();
  }

  mph_bytes_Add(builder: number, string: number): void {
    this.builders.add(builder, string);
  }

  mph_bytes_AddByte(builder: number, low: number, _high: number): void {
    this.builders.addByte(builder, low);
  }

  mph_bytes_AddAll(builder: number, other: number): void {
    this.builders.addAll(builder, other);
  }

  mph_bytes_Get(builder: number, low: number, high: number): number {
    const address = this.builders.at(builder, low, high);
    return address < 0 ? this.mph_fail_index() : (this.heap.u8[address] as number);
  }

  mph_bytes_Set(builder: number, low: number, high: number, byte: number, _byteHigh: number): void {
    const address = this.builders.at(builder, low, high);
    if (address < 0) this.mph_fail_index();
    this.heap.u8[address] = byte;
  }

  mph_bytes_Length(builder: number): number {
    return this.builders.length(builder);
  }

  mph_bytes_Clear(builder: number): void {
    this.builders.clear(builder);
  }

  mph_bytes_String(builder: number): number {
    return this.builders.toText(builder);
  }

  mph_conv_Ftoa(low: number, high: number): number {
    return this.conv.ftoa(low, high);
  }

  mph_conv_Atof(string: number): number {
    return this.conv.atof(string);
  }

  mph_conv_Itoa(low: number, high: number): number {
    return this.conv.itoa(low, high);
  }

  mph_conv_Atoi(string: number): number {
    return this.conv.atoi(string);
  }

  mph_time_Now(): void {
    this.time.now();
  }

  mph_time_ms(): void {
    this.time.now();
  }

  mph_time_Sleep(low: number, high: number): void {
    this.time.sleep(low, high);
  }

  // --- failures ----------------------------------------------------------------------------------------------------

  mph_fail_index(): never {
    this.stdout.write(PANIC);
    return this.fail(new RuntimeFailure("index", "array index out of bounds"));
  }

  mph_fail_null(): never {
    return this.fail(nullFailure("a value"));
  }

  mph_fail_divide(): never {
    return this.fail(new RuntimeFailure("divide", "division by zero, or of the smallest int by -1"));
  }

  mph_fail_deadlock(): never {
    return this.fail(deadlock("every thread waits"));
  }

  /** Without the memory they would look for ends that are not there, and without its pages write into others'. */
  private end(): void {
    this.ended = true;
    const methods = this as unknown as Record<string, () => never>;
    for (const { name } of RUNTIME_IMPORTS) {
      methods[name] = () => {
        throw new MorphError("ERR_MORPH_DESTROYED", "the runtime, or its memory, was destroyed");
      };
    }
  }

  private giveBack(): void {
    for (const step of this.taken.toReversed()) step();
  }

  private popRoots(count: number): void {
    this.set.roots.pop(count);
    this.heap.recorder?.popRoots(Math.max(count, 0));
  }

  private fail(failure: RuntimeFailure): never {
    this.flush();
    throw failure;
  }

  /** Puts a note of the call before each function, on this object alone: who does not record pays nothing. */
  private recordCalls(recorder: Recorder): void {
    const methods = this as unknown as Record<string, (...args: number[]) => number>;
    RUNTIME_IMPORTS.forEach(({ name }, index) => {
      const method = methods[name]!.bind(this);
      methods[name] = (...args) => {
        recorder.call(index);
        return method(...args);
      };
    });
  }
}
