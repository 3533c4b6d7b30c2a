import { LinearMemory } from "@morph/memory";
import { random } from "../../../scripts/test-kit/random.ts";
import { Collector } from "../src/index.ts";

/** An object of the model: what the collector's should hold. */
interface Node {
  readonly type: number;
  readonly id: number;
  readonly length: number;
  readonly fields: (Node | undefined)[];
}

/** How objects of a type look: where pointers are, where the id is written, in bytes. */
interface Shape {
  readonly name: string;
  readonly size: number;
  readonly pointers: readonly number[];
  readonly isArray: boolean;
  readonly idAt: number;
}

const ARRAY_HEADER = 8;
const LARGE_BYTES = 9000;

const SHAPES: readonly Shape[] = [
  { name: "pair", size: 12, pointers: [0, 4], isArray: false, idAt: 8 },
  { name: "tree", size: 24, pointers: [8, 12, 20], isArray: false, idAt: 0 },
  { name: "leaf", size: 16, pointers: [], isArray: false, idAt: 4 },
  { name: "wide", size: 200, pointers: [0, 100, 196], isArray: false, idAt: 40 },
  { name: "huge", size: 9000, pointers: [4, 4096, 8992], isArray: false, idAt: 8 },
  { name: "bytes", size: 1, pointers: [], isArray: true, idAt: -1 },
  { name: "pointers", size: 4, pointers: [0], isArray: true, idAt: -1 },
  { name: "entries", size: 12, pointers: [0, 8], isArray: true, idAt: 12 },
];

/**
 * Runs random operations on a collector beside plain objects of JavaScript: roots in a frame, in cells and in handles, objects with ids in their bytes. Everything
 * that roots lead to is compared: type, length, id, each pointer.
 */
export class GraphModel {
  private readonly types: number[];
  private readonly frame: number;
  private readonly roots: (Node | undefined)[];
  private readonly handles: { node: Node; handle: { pointer: number; release(): void } }[] = [];
  private nextId = 1;
  private readonly gc: Collector;
  private readonly next: (below: number) => number;
  private readonly largest: number;

  constructor(gc: Collector, next: (below: number) => number, roots = 24, largest = 3000) {
    this.gc = gc;
    this.next = next;
    this.largest = largest;
    this.types = SHAPES.map(({ name, size, pointers, isArray }) =>
      isArray ? gc.arrayType({ name, size, pointers }) : gc.type({ name, size, pointers }),
    );
    this.frame = gc.pushFrame(roots);
    this.roots = new Array<Node | undefined>(roots).fill(undefined);
  }

  private get words(): Uint32Array {
    return this.gc.memory.u32;
  }

  /** A new object, in a root. */
  make(): void {
    const at = this.next(this.roots.length);
    const kind = this.next(20) === 0 ? 4 : this.next(SHAPES.length);
    const shape = SHAPES[kind]!;
    const type = this.types[kind]!;
    // Some are larger than 2 KiB: more of those without pointers, which are born in the nursery.
    const isBytes = shape.size === 1 && this.largest < LARGE_BYTES;
    const isLong = this.next(isBytes ? 8 : 50) === 0;
    const length = this.next(!isLong ? 20 : isBytes ? LARGE_BYTES : this.largest);
    const pointer = shape.isArray ? this.gc.allocArray(type, length) : this.gc.alloc(type);
    const count = shape.pointers.length * (shape.isArray ? length : 1);
    const id = this.nextId++;
    const { words } = this;
    const bytes = shape.isArray ? ARRAY_HEADER + shape.size * length : shape.size;
    // What lies between the object's end and its slot's is 0, too.
    for (let word = (pointer + (shape.isArray ? ARRAY_HEADER : 0)) / 4; word < (pointer + bytes) / 4; word++) {
      if (words[word] !== 0) throw new Error(`a new ${shape.name} is not 0 at ${word * 4 - pointer}`);
    }
    this.writeId(pointer, shape, length, id);
    const node = { type: kind, id, length, fields: new Array<Node | undefined>(count).fill(undefined) };
    this.setRoot(at, node, pointer);
  }

  private writeId(pointer: number, shape: Shape, length: number, id: number): void {
    if (!shape.isArray) this.words[(pointer + shape.idAt) / 4] = id;
    else if (shape.size === 1) this.gc.memory.u8.fill(id, pointer + ARRAY_HEADER, pointer + ARRAY_HEADER + length);
    else if (shape.idAt > 0) {
      for (let i = 0; i < length; i++) this.words[(pointer + ARRAY_HEADER + i * shape.size + 4) / 4] = id;
    }
  }

  private setRoot(at: number, node: Node | undefined, pointer: number): void {
    this.roots[at] = node;
    this.words[this.frame / 4 + at] = pointer;
  }

  private pointerOf(at: number): number {
    return this.words[this.frame / 4 + at]!;
  }

  /** Stores one root's object in a field of another's, or 0. */
  link(): void {
    const parent = this.next(this.roots.length);
    const child = this.next(this.roots.length);
    const node = this.roots[parent];
    if (node === undefined || node.fields.length === 0) return;
    const field = this.next(node.fields.length);
    const clear = this.next(8) === 0;
    node.fields[field] = clear ? undefined : this.roots[child];
    const offset = offsetOf(SHAPES[node.type]!, field);
    this.gc.write(this.pointerOf(parent), offset, clear ? 0 : this.pointerOf(child));
  }

  /** Follows a field into a root, or clears the root. */
  walk(): void {
    const from = this.next(this.roots.length);
    const to = this.next(this.roots.length);
    const node = this.roots[from];
    if (node === undefined || node.fields.length === 0 || this.next(12) === 0) {
      this.setRoot(to, undefined, 0);
      return;
    }
    const field = this.next(node.fields.length);
    const offset = offsetOf(SHAPES[node.type]!, field);
    this.setRoot(to, node.fields[field], this.words[(this.pointerOf(from) + offset) / 4]!);
  }

  /** Takes a handle on a root's object, or releases one. */
  hold(): void {
    const at = this.next(this.roots.length);
    const node = this.roots[at];
    if (node !== undefined && this.handles.length < 20) {
      this.handles.push({ node, handle: this.gc.handle(this.pointerOf(at)) });
    } else if (this.handles.length > 0) {
      const [{ handle }] = this.handles.splice(this.next(this.handles.length), 1) as [(typeof this.handles)[0]];
      handle.release();
    }
  }

  /** One operation. */
  step(): void {
    const kind = this.next(100);
    if (kind < 40) this.make();
    else if (kind < 75) this.link();
    else if (kind < 97) this.walk();
    else this.hold();
  }

  /** Lets go of all. */
  clear(): void {
    for (let i = 0; i < this.roots.length; i++) this.setRoot(i, undefined, 0);
    for (const { handle } of this.handles) handle.release();
    this.handles.length = 0;
  }

  /** Compares everything that is reachable; how many objects that were. */
  check(): number {
    const seen = new Map<Node, number>();
    const owners = new Map<number, Node>();
    const todo: Node[] = [];
    const reach = (node: Node | undefined, pointer: number): void => {
      if (node === undefined) {
        if (pointer !== 0) throw new Error(`expected no pointer, got ${pointer}`);
        return;
      }
      const before = seen.get(node);
      if (before !== undefined) {
        if (before !== pointer) throw new Error(`object ${node.id} is at ${before} and at ${pointer}`);
        return;
      }
      if (owners.has(pointer)) throw new Error(`${pointer} is two objects`);
      seen.set(node, pointer);
      owners.set(pointer, node);
      todo.push(node);
    };
    for (const [at, node] of this.roots.entries()) reach(node, this.pointerOf(at));
    for (const { node, handle } of this.handles) reach(node, handle.pointer);
    const words = this.words;
    for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
      const pointer = seen.get(node)!;
      this.compare(node, pointer);
      const shape = SHAPES[node.type]!;
      for (const [i, child] of node.fields.entries()) reach(child, words[(pointer + offsetOf(shape, i)) / 4]!);
    }
    return seen.size;
  }

  private compare(node: Node, pointer: number): void {
    const shape = SHAPES[node.type]!;
    if (this.gc.typeOf(pointer) !== this.types[node.type]) throw new Error(`object ${node.id} has another type`);
    if (!shape.isArray) {
      if (this.words[(pointer + shape.idAt) / 4] !== node.id) throw new Error(`object ${node.id} has other bytes`);
      return;
    }
    if (this.gc.lengthOf(pointer) !== node.length) throw new Error(`array ${node.id} has another length`);
    for (let i = 0; i < node.length; i++) {
      const at = pointer + ARRAY_HEADER + i * shape.size;
      const good =
        shape.size === 1
          ? this.gc.memory.u8[at] === (node.id & 255)
          : shape.idAt < 0 || this.words[(at + 4) / 4] === node.id;
      if (!good) throw new Error(`element ${i} of array ${node.id} has other bytes`);
    }
  }
}

function offsetOf(shape: Shape, field: number): number {
  if (!shape.isArray) return shape.pointers[field]!;
  const each = shape.pointers.length;
  return ARRAY_HEADER + Math.floor(field / each) * shape.size + shape.pointers[field % each]!;
}

/**
 * Runs a random program on a memory that refuses the `place`-th request for pages or tables; with every fourth seed all that follow, too, until the program has let go of
 * something. After each refusal everything is compared.
 * @returns how many requests were refused, and how many allocations failed because of it
 */
export function refuseAt(seed: number, place: number, operations: number): { refused: number; failed: number } {
  const memory = new LinearMemory({ initialPages: 1 });
  const next = random(seed * 7919);
  const stays = seed % 4 === 0;
  let requests = 0;
  let refusing = false;
  let refused = 0;
  const gc = new Collector({ memory, nurseryBytes: 262_144, collectEvery: seed % 16 === 1 ? 20 : 0 });
  const model = new GraphModel(gc, next, 300, 30_000);
  for (const name of ["tryAcquire", "tryAcquireTable"] as const) {
    const take: (...request: never[]) => number = memory[name].bind(memory);
    const refuse = (...request: never[]): number => {
      requests++;
      if (requests !== place && !refusing) return take(...request);
      refused++;
      refusing = stays;
      return 0;
    };
    Object.assign(memory, { [name]: refuse });
  }
  let failed = 0;
  for (let i = 1; i <= operations; i++) {
    try {
      model.step();
      if (i % 999 === 0) gc.type({ name: `type ${i}`, size: 8, pointers: [0] });
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_MORPH_OUT_OF_MEMORY") throw error;
      gc.verify();
      model.check();
      failed++;
      if (failed % 3 === 0) {
        model.clear();
        refusing = false;
      }
    }
    if (i % 1500 === 0) gc.collect((["minor", "major", "compact"] as const)[next(3)]!);
  }
  refusing = false;
  gc.verify();
  model.check();
  model.clear();
  gc.collect("compact");
  gc.verify();
  if (gc.liveObjects().length > 0) throw new Error("objects are left");
  model.make();
  model.check();
  return { refused, failed };
}
