import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { traces } from "../catalogue/traces.js";
import { readTrace } from "../rep-reader.js";
import { ALLOCATE, FREE, REALLOCATE, type Trace } from "../trace.js";
import { collectorFor, type Program, type Run } from "./program.js";

const PAGES = 4_096;
const HEADER = 8;

/** The place of each operation's object in a table of those that are alive: as a program has it, and not with an entry for each object that ever was. */
const placesOf = ({ operations, ids, idCount }: Trace): { places: Uint32Array; count: number } => {
  const placeOf = new Uint32Array(idCount);
  const free: number[] = [];
  let count = 0;
  const places = Uint32Array.from(ids, (id, i) => {
    const operation = operations[i]!;
    if (operation === ALLOCATE) placeOf[id] = free.pop() ?? count++;
    if (operation === FREE) free.push(placeOf[id]!);
    return placeOf[id]!;
  });
  return { places, count };
};

/** The replay of a recording in this package. */
export const traceProgram = (id: string): Program => {
  const path = traces.find((scenario) => scenario.id === id)?.trace;
  if (path === undefined) throw new Error(`there is no trace ${id}`);
  const trace = readTrace(path);
  const { operations, sizes } = trace;
  const { places, count } = placesOf(trace);
  const peakLive = trace.peakLive + 4 * count;

  const onCollector = (maxBytes?: number): { run: Run; peakFootprint(): number } => {
    const memory = new LinearMemory({ initialPages: PAGES });
    const gc = collectorFor(memory, peakLive, maxBytes);
    const { u32, u8 } = memory;
    const bytes = gc.arrayType({ name: "bytes", size: 1 });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const table = gc.handle(gc.allocArray(list, count));
    // As generated code stores.
    const store = (place: number, pointer: number): void => {
      const object = table.pointer;
      gc.barrier(object, place, pointer);
      u32[(object + place) >>> 2] = pointer;
    };
    const run = (): number => {
      for (let i = 0; i < operations.length; i++) {
        const operation = operations[i]!;
        const place = HEADER + 4 * places[i]!;
        if (operation === FREE) {
          store(place, 0);
          continue;
        }
        const object = gc.allocArray(bytes, sizes[i]!);
        if (operation === REALLOCATE) {
          const old = u32[(table.pointer + place) >>> 2]!;
          const length = Math.min(u32[old >>> 2]!, sizes[i]!);
          u8.copyWithin(object + HEADER, old + HEADER, old + HEADER + length);
        }
        store(place, object);
      }
      for (let place = 0; place < count; place++) store(HEADER + 4 * place, 0);
      return operations.length;
    };
    return { run, peakFootprint: () => gc.stats().peakFootprint };
  };

  const onHeap = (): Run => {
    const memory = new LinearMemory({ initialPages: PAGES });
    const heap = new Heap({ memory });
    const { u32 } = memory;
    const table = (heap.malloc(4 * count) >>> 2) | 0;
    return () => {
      u32.fill(0, table, table + count);
      for (let i = 0; i < operations.length; i++) {
        const operation = operations[i]!;
        const place = table + places[i]!;
        if (operation === FREE) {
          heap.free(u32[place]!);
          u32[place] = 0;
        } else if (operation === REALLOCATE) u32[place] = heap.realloc(u32[place]!, HEADER + sizes[i]!);
        else u32[place] = heap.malloc(HEADER + sizes[i]!);
      }
      for (let place = table; place < table + count; place++) {
        const pointer = u32[place]!;
        if (pointer !== 0) heap.free(pointer);
      }
      return operations.length;
    };
  };

  return { peakLive, onCollector, onHeap };
};
