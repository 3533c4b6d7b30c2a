/** Functions that are called for the first time near the stack's end, which V8 cannot compile there: whatever throws a RangeError does so before anything changes. */
import { expect, it } from "vitest";
import { bundle } from "../../../scripts/test-kit/bundled.ts";
import { type Attempt, type Program, runLateFunctions } from "../../../scripts/test-kit/late-functions.ts";
import type { Block } from "../src/index.ts";

type Package = typeof import("../src/index.ts") & typeof import("@morph/memory") & typeof import("@morph/heap");

const file = await bundle(new URL("..", import.meta.url), "esm", ["@morph/heap"]);

const TEXTS = ["", "plain", "öffentlich 世界", "x".repeat(3000)];

/** Blocks, structs and texts in one heap, beside what they should hold. */
function viewProgram(loaded: Package, next: (below: number) => number, attempt: Attempt): Program {
  const { Heap, LinearMemory, array, bool, f64, i32, readCString, readUtf8, struct, u8, utf8, vec } = loaded;
  const memory = new LinearMemory({ initialPages: 1 + next(20), maxPages: 2000 });
  const heap = new Heap({ memory });
  const blocks: { block: Block<Float64Array>; values: number[] }[] = [];
  const texts: { pointer: number; text: string; isC: boolean }[] = [];
  const Kind = struct({ count: i32, place: vec(f64, 3), seen: bool, small: u8, name: utf8 });
  const cursor = Kind.cursor(memory);
  const structs: { pointer: number; plain: unknown }[] = [];
  const pick = <T>(list: readonly T[]): T | undefined => list[next(Math.max(1, list.length))];
  const remove = <T>(list: T[], one: T): void => void list.splice(list.indexOf(one), 1);
  const fresh = (): Parameters<typeof Kind.from>[0] => ({
    count: next(1000),
    place: [next(9), next(9), next(9)],
    seen: next(2) === 1,
    small: next(256),
    name: texts.find(({ isC }) => !isC)?.pointer ?? 0,
  });
  const step = (): void => {
    const operation = next(15);
    const length = next(next(4) === 0 ? 20_000 : 40);
    if (operation < 3 && blocks.length < 30) {
      let made: Block<Float64Array> | undefined;
      attempt(() => {
        made = array(heap, Float64Array, length, { zeroed: true, align: 8 << next(5) });
      });
      if (made !== undefined) blocks.push({ block: made, values: new Array<number>(length).fill(0) });
    } else if (operation < 6) {
      const one = pick(blocks);
      if (one === undefined) return;
      let done = false;
      attempt(() => {
        one.block.resize(length);
        done = true;
      });
      if (done) one.values = Array.from({ length }, (_, i) => one.values[i] ?? 0);
    } else if (operation < 8) {
      const one = pick(blocks);
      let done = false;
      attempt(() => {
        one?.block.free();
        done = true;
      });
      if (done && one !== undefined) remove(blocks, one);
    } else if (operation < 10 && texts.length < 40) {
      const text = TEXTS[next(TEXTS.length)]!;
      const isC = next(2) === 0;
      let pointer = 0;
      attempt(() => {
        pointer = isC ? loaded.writeCString(heap, text) : loaded.writeUtf8(heap, text);
      });
      if (pointer !== 0) texts.push({ pointer, text, isC });
    } else if (operation < 12) {
      if (structs.length < 30) {
        const pointer = heap.malloc(Kind.size);
        memory.u8.fill(0, pointer, pointer + Kind.size);
        structs.push({ pointer, plain: Kind.toObject(cursor.at(pointer)) });
      }
      const one = pick(structs)!;
      const values = fresh();
      let done = false;
      attempt(() => {
        Kind.from(values, cursor.at(one.pointer));
        done = true;
      });
      if (done) one.plain = Kind.toObject(cursor.at(one.pointer));
    } else if (operation === 12) {
      attempt(() => void memory.reserve(1 + next(30)));
    } else {
      const one = pick(blocks);
      if (one === undefined || one.values.length === 0) return;
      const i = next(one.values.length);
      attempt(() => {
        one.block.view[i] = i + 0.5;
      });
      one.values[i] = one.block.view[i]!;
    }
  };
  const check = (): void => {
    heap.verify();
    const bases: number[] = [];
    for (const { block, values } of blocks) {
      expect(block.length).toBe(values.length);
      expect([...block.view]).toEqual(values);
      const { base } = block.handle();
      if (base !== 0) bases.push(base);
    }
    for (const { pointer, text, isC } of texts) {
      expect(isC ? readCString(memory, pointer) : readUtf8(memory, pointer)).toBe(text);
      bases.push(pointer);
    }
    for (const { pointer, plain } of structs) {
      expect(Kind.toObject(cursor.at(pointer))).toEqual(plain);
      bases.push(pointer);
    }
    expect([...heap.liveObjects()]).toEqual(bases.sort((a, b) => a - b));
  };
  return { step, check };
}

it.each(Array.from({ length: 4 }, (_, seed) => seed))("leave nothing half done, seed %i", async (seed) => {
  expect(await runLateFunctions(file, seed, 240, viewProgram)).toBeGreaterThan(10);
});
