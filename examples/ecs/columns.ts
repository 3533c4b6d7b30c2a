import type { Heap } from "@morph/heap";

type Column = Float32Array | Int32Array | Uint32Array | Uint8Array;
type ColumnType<T extends Column> = {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, offset: number, length: number): T;
};
type Types = Record<string, ColumnType<Column>>;
type Columns<S extends Types> = { [Name in keyof S]: InstanceType<S[Name]> };

/**
 * Columns of an ECS's components in one memory that workers and WebAssembly share: each field an array, by entity. In place of: a typed array, or a
 * SharedArrayBuffer, of its own for each field. Their names are the memory's roots, so that a worker finds them without being told where they are.
 */
export function createColumns<S extends Types>(heap: Heap, component: string, types: S, capacity: number): Columns<S> {
  const { memory } = heap;
  for (const [field, type] of Object.entries(types)) {
    const pointer = heap.calloc(capacity, type.BYTES_PER_ELEMENT);
    memory.roots.set(`${component}.${field}`, pointer);
  }
  return findColumns(memory, component, types, capacity);
}

/** The columns of a component that somebody created there. Call it again after a growth: of an unshared memory that detaches them. */
export function findColumns<S extends Types>(
  memory: Heap["memory"],
  component: string,
  types: S,
  capacity: number,
): Columns<S> {
  const columns = Object.entries(types).map(([field, type]) => {
    const pointer = memory.roots.get(`${component}.${field}`);
    if (pointer === 0) throw new Error(`nobody has made ${component}.${field}`);
    return [field, new type(memory.u8.buffer, pointer, capacity)];
  });
  return Object.fromEntries(columns) as Columns<S>;
}
