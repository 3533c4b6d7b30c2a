/*
 * A table of records: one after the other is looked up at random and replaced by a new one with a key and a note, texts of other lengths; each step makes three short texts more, which nobody keeps.
 */
import { LAYOUT } from "@morph/gc";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { xorshift } from "../xorshift.js";
import { collectorFor, type Program, type Run } from "./program.js";

const PAGES = 1_024;
const RECORD_BYTES = 24;
const HEADER = 8;
const GARBAGE = 3;
const GARBAGE_BYTES = 24;

const keyBytes = (number: number): number => 8 + (number % 24);
const noteBytes = (number: number): number => 16 + ((number >>> 8) % 64);
const bytesOf = (number: number): number => RECORD_BYTES + 2 * HEADER + keyBytes(number) + noteBytes(number);

interface PlainRecord {
  readonly key: Uint8Array;
  readonly note: Uint8Array;
  readonly number: number;
}

/** The program with so many records and steps. */
export const recordsProgram = (count: number, steps: number): Program => {
  /** The most bytes that are alive at a time, in the runs that are measured. */
  const mostLive = (replaced: number): number => {
    const sizes = new Uint32Array(count);
    let live = HEADER + 4 * count;
    let peak = 0;
    const first = xorshift(1);
    const next = xorshift(2);
    for (let i = 0; i < count + replaced; i++) {
      const number = i < count ? first() : next();
      const place = i < count ? i : number % count;
      live += bytesOf(number) - sizes[place]!;
      sizes[place] = bytesOf(number);
      if (live > peak) peak = live;
    }
    return peak;
  };
  const peakLive = mostLive(steps * 3);

  const onCollector = (maxBytes?: number): { run: Run; peakFootprint(): number } => {
    const memory = new LinearMemory({ initialPages: PAGES });
    const gc = collectorFor(memory, peakLive, maxBytes);
    const { u32 } = memory;
    const record = gc.type({ name: "record", size: RECORD_BYTES, pointers: [0, 4] });
    const text = gc.arrayType({ name: "text", size: 1 });
    const list = gc.arrayType({ name: "list", size: 4, pointers: [0] });
    const top = gc.control / 4 + LAYOUT.STACK_TOP;
    const table = gc.handle(gc.allocArray(list, count));
    const make = (number: number): number => {
      const frame = u32[top]!;
      u32[top] = frame + 8;
      u32[frame >>> 2] = gc.allocArray(text, keyBytes(number));
      u32[(frame >>> 2) + 1] = gc.allocArray(text, noteBytes(number));
      const it = gc.alloc(record);
      u32[it >>> 2] = u32[frame >>> 2]!;
      u32[(it >>> 2) + 1] = u32[(frame >>> 2) + 1]!;
      u32[(it >>> 2) + 2] = number;
      u32[top] = frame;
      return it;
    };
    const first = xorshift(1);
    for (let i = 0; i < count; i++) gc.write(table.pointer, HEADER + 4 * i, make(first()));
    const next = xorshift(2);
    return {
      run: () => {
        let sum = 0;
        for (let i = 0; i < steps; i++) {
          const number = next();
          const place = HEADER + 4 * (number % count);
          const old = u32[(table.pointer + place) >>> 2]!;
          sum = (sum + u32[(old >>> 2) + 2]! + u32[u32[old >>> 2]! >>> 2]!) >>> 0;
          for (let j = 0; j < GARBAGE; j++) gc.allocArray(text, GARBAGE_BYTES);
          const it = make(number);
          // As generated code stores.
          gc.barrier(table.pointer, place, it);
          u32[(table.pointer + place) >>> 2] = it;
        }
        return sum;
      },
      peakFootprint: () => gc.stats().peakFootprint,
    };
  };

  const onHeap = (): Run => {
    const memory = new LinearMemory({ initialPages: PAGES });
    const heap = new Heap({ memory });
    const { u32 } = memory;
    const table = heap.malloc(HEADER + 4 * count) + HEADER;
    const text = (length: number): number => {
      const it = heap.malloc(HEADER + length);
      u32[it >>> 2] = length;
      return it;
    };
    const make = (number: number): number => {
      const key = text(keyBytes(number));
      const note = text(noteBytes(number));
      const it = heap.malloc(RECORD_BYTES);
      u32[it >>> 2] = key;
      u32[(it >>> 2) + 1] = note;
      u32[(it >>> 2) + 2] = number;
      return it;
    };
    const first = xorshift(1);
    for (let i = 0; i < count; i++) u32[(table >>> 2) + i] = make(first());
    const next = xorshift(2);
    return () => {
      let sum = 0;
      for (let i = 0; i < steps; i++) {
        const number = next();
        const place = (table >>> 2) + (number % count);
        const old = u32[place]!;
        sum = (sum + u32[(old >>> 2) + 2]! + u32[u32[old >>> 2]! >>> 2]!) >>> 0;
        heap.free(u32[old >>> 2]!);
        heap.free(u32[(old >>> 2) + 1]!);
        heap.free(old);
        for (let j = 0; j < GARBAGE; j++) heap.free(text(GARBAGE_BYTES));
        u32[place] = make(number);
      }
      return sum;
    };
  };

  const plain: () => Run = () => {
    const make = (number: number): PlainRecord => ({
      key: new Uint8Array(keyBytes(number)),
      note: new Uint8Array(noteBytes(number)),
      number,
    });
    const first = xorshift(1);
    const table: PlainRecord[] = [];
    for (let i = 0; i < count; i++) table.push(make(first()));
    const next = xorshift(2);
    let kept: Uint8Array | undefined;
    return () => {
      let sum = 0;
      for (let i = 0; i < steps; i++) {
        const number = next();
        const old = table[number % count]!;
        sum = (sum + old.number + old.key.length) >>> 0;
        for (let j = 0; j < GARBAGE; j++) kept = new Uint8Array(GARBAGE_BYTES);
        table[number % count] = make(number);
      }
      return sum + (kept?.length ?? 0) - GARBAGE_BYTES;
    };
  };

  return { peakLive, onCollector, onHeap, onObjects: plain };
};
