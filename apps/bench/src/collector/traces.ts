import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { traces } from "../catalogue/traces.js";
import { readTrace } from "../rep-reader.js";
import { FREE, REALLOCATE } from "../trace.js";
import { collectorFor, type Program, type Run } from "./program.js";

const PAGES = 4_096;
const HEADER = 8;

/** The replay of a recording in this package. */
export const traceProgram = (id: string): Program => {
  const path = traces.find((scenario) => scenario.id === id)?.trace;
  if (path === undefined) throw new Error(`there is no trace ${id}`);
  const trace = readTrace(path);
  const { operations, ids, sizes, idCount } = trace;
  const peakLive = trace.peakLive + 4 * idCount;

  const onCollector = (maxBytes?: number): { run: Run; peakFootprint(): number } => {
    const memory = new LinearMemory({ initialPages: PAGES });
    const gc = collectorFor(memory, peakLive, maxBytes);
    const { u32, u8 } = memory;
    const bytes = gc.arrayType({ name: "bytes", size: 1 });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const table = gc.handle(gc.allocArray(list, idCount));
    const run = (): number => {
      for (let i = 0; i < operations.length; i++) {
        const operation = operations[i]!;
        const place = HEADER + 4 * ids[i]!;
        if (operation === FREE) {
          gc.write(table.pointer, place, 0);
          continue;
        }
        const object = gc.allocArray(bytes, sizes[i]!);
        if (operation === REALLOCATE) {
          const old = u32[(table.pointer + place) >>> 2]!;
          const length = Math.min(u32[old >>> 2]!, sizes[i]!);
          u8.copyWithin(object + HEADER, old + HEADER, old + HEADER + length);
        }
        gc.write(table.pointer, place, object);
      }
      for (let id = 0; id < idCount; id++) gc.write(table.pointer, HEADER + 4 * id, 0);
      return operations.length;
    };
    return { run, peakFootprint: () => gc.stats().peakFootprint };
  };

  const onHeap = (): Run => {
    const memory = new LinearMemory({ initialPages: PAGES });
    const heap = new Heap({ memory });
    const { u32 } = memory;
    const table = (heap.malloc(4 * idCount) >>> 2) | 0;
    return () => {
      u32.fill(0, table, table + idCount);
      for (let i = 0; i < operations.length; i++) {
        const operation = operations[i]!;
        const place = table + ids[i]!;
        if (operation === FREE) {
          heap.free(u32[place]!);
          u32[place] = 0;
        } else if (operation === REALLOCATE) u32[place] = heap.realloc(u32[place]!, HEADER + sizes[i]!);
        else u32[place] = heap.malloc(HEADER + sizes[i]!);
      }
      for (let id = 0; id < idCount; id++) {
        const pointer = u32[table + id]!;
        if (pointer !== 0) heap.free(pointer);
      }
      return operations.length;
    };
  };

  return { peakLive, onCollector, onHeap };
};
