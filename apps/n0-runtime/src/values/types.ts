import { describe, MorphError } from "@morph/memory";

/** What the compiler says of a struct, a closure's environment or a tuple. */
export interface MorphTypeInfo {
  /** For statistics and messages. */
  readonly name: string;
  /** Payload in bytes. */
  readonly size: number;
  /** Offsets of the fields that hold pointers; multiples of 8, or of 4 on the collector, within the size. */
  readonly pointerOffsets: readonly number[];
  /** Whether size and offsets are those of an element: an object is 8 bytes and as many elements as it has room for. Default false. */
  readonly elements?: boolean;
}

/** Handles of the runtime's own types. */
export const RAW = 1;
export const STRING = 2;
export const ARRAY = 3;
export const MAP = 4;
export const CLOSURE = 5;
export const ERROR = 6;
export const BOX = 7;

/** How a type's objects are traced. */
export const TRACE_NONE = 0;
export const TRACE_FIELDS = 1;
export const TRACE_ARRAY = 2;
export const TRACE_MAP = 3;
export const TRACE_ELEMENTS = 4;
/** Bytes before the elements of an object that consists of them. */
export const ELEMENTS_START = 8;

const BUILT_IN: readonly (MorphTypeInfo & { trace: number })[] = [
  { name: "raw", size: 0, pointerOffsets: [], trace: TRACE_NONE },
  { name: "string", size: 16, pointerOffsets: [0], trace: TRACE_FIELDS },
  { name: "array", size: 40, pointerOffsets: [], trace: TRACE_ARRAY },
  { name: "map", size: 40, pointerOffsets: [], trace: TRACE_MAP },
  { name: "closure", size: 16, pointerOffsets: [8], trace: TRACE_FIELDS },
  { name: "error", size: 8, pointerOffsets: [0], trace: TRACE_FIELDS },
  { name: "interface box", size: 24, pointerOffsets: [0], trace: TRACE_FIELDS },
];

/** All types of a runtime. A handle is an index; 0 is the null type, whose objects are not traced. */
export class TypeTable {
  /** The largest handle given. */
  last = 0;
  /** By handle: how to trace, and where its offsets start and end in {@link offsets}. */
  traces: Int32Array = new Int32Array(128);
  starts: Int32Array = new Int32Array(129);
  offsets: Int32Array = new Int32Array(256);
  private readonly infos: MorphTypeInfo[] = [{ name: "null type", size: 0, pointerOffsets: [] }];
  private readonly handles: Map<string, number> = new Map();
  private readonly limit: number;
  private readonly registered: (handle: number, info: MorphTypeInfo) => void;
  private readonly pointerBytes: number;

  /**
   * @param limit the largest handle the allocator can keep in a header
   * @param registered told of every new type
   * @param pointerBytes of a pointer field, and what its offset is a multiple of
   */
  constructor(limit: number, registered: (handle: number, info: MorphTypeInfo) => void, pointerBytes = 8) {
    this.limit = limit;
    this.registered = registered;
    this.pointerBytes = pointerBytes;
    for (const { trace, ...info } of BUILT_IN) this.add(info, trace);
  }

  /**
   * The type's handle; equal types have the same one. O(pointer offsets).
   * @throws ERR_MORPH_INVALID_TYPE when a field is out of range, or when the allocator knows no more types
   */
  register(info: MorphTypeInfo): number {
    requireInfo(info, this.pointerBytes);
    const known = this.handles.get(keyOf(info));
    return known ?? this.add(info, traceOf(info));
  }

  /** What was registered under a handle. */
  infoOf(handle: number): MorphTypeInfo {
    return this.infos[handle]!;
  }

  /** @throws ERR_MORPH_INVALID_TYPE always */
  refuse(handle: number): never {
    throw new MorphError(
      "ERR_MORPH_INVALID_TYPE",
      `type: expected a handle from 0 to ${this.last}, got ${describe(handle)}`,
    );
  }

  private add(info: MorphTypeInfo, trace: number): number {
    const handle = this.last + 1;
    if (handle > this.limit) {
      throw new MorphError(
        "ERR_MORPH_INVALID_TYPE",
        `no handle left for the type ${describe(info.name)}: this allocator's headers tell at most ${this.limit} types apart, ${BUILT_IN.length} of them the runtime's own`,
      );
    }
    this.registered(handle, info);
    const start = this.starts[handle] as number;
    const end = start + info.pointerOffsets.length;
    if (handle + 1 >= this.starts.length) {
      this.starts = grown(this.starts, handle + 2);
      this.traces = grown(this.traces, handle + 2);
    }
    if (end > this.offsets.length) this.offsets = grown(this.offsets, end);
    this.offsets.set(info.pointerOffsets, start);
    this.starts[handle + 1] = end;
    this.traces[handle] = trace;
    this.infos.push({ ...info, pointerOffsets: [...info.pointerOffsets] });
    this.handles.set(keyOf(info), handle);
    this.last = handle;
    return handle;
  }
}

function traceOf({ pointerOffsets, elements }: MorphTypeInfo): number {
  if (pointerOffsets.length === 0) return TRACE_NONE;
  return elements === true ? TRACE_ELEMENTS : TRACE_FIELDS;
}

function requireInfo(info: MorphTypeInfo, bytes: number): void {
  const { name, size, pointerOffsets } = info ?? {};
  if (typeof name !== "string" || name === "") {
    throw new MorphError("ERR_MORPH_INVALID_TYPE", `type name: expected a string, got ${describe(name)}`);
  }
  if (!Number.isInteger(size) || size < 0 || size >= 2 ** 31) {
    throw new MorphError("ERR_MORPH_INVALID_TYPE", `size of ${name}: expected 0 to 2^31 - 1, got ${describe(size)}`);
  }
  if (!Array.isArray(pointerOffsets)) {
    throw new MorphError("ERR_MORPH_INVALID_TYPE", `pointer offsets of ${name}: expected an array`);
  }
  for (const offset of pointerOffsets as readonly number[]) {
    if (!Number.isInteger(offset) || offset < 0 || offset % bytes !== 0 || offset + bytes > size) {
      throw new MorphError(
        "ERR_MORPH_INVALID_TYPE",
        `pointer offset of ${name}: expected a multiple of ${bytes} up to ${size - bytes}, got ${describe(offset)}`,
      );
    }
  }
}

function keyOf({ name, size, pointerOffsets, elements = false }: MorphTypeInfo): string {
  return `${elements ? "elements of " : ""}${size}:${pointerOffsets.join(",")}:${name}`;
}

function grown(array: Int32Array, least: number): Int32Array {
  const larger = new Int32Array(Math.max(least, array.length * 2));
  larger.set(array);
  return larger;
}
