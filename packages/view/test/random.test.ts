import { Arena } from "@morph/arena";
import { Heap } from "@morph/heap";
import { LinearMemory } from "@morph/memory";
import { PoolManager } from "@morph/pool";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Allocator,
  array,
  type Block,
  blockOf,
  type ElementArray,
  type ElementType,
  readUtf8,
  writeUtf8,
} from "../src/index.ts";
import { contextIn } from "./context-in.ts";

type Elements = ElementArray & { [index: number]: number | bigint; fill(value: never): unknown };

const TYPES: readonly ElementType<Elements>[] = [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

/** A block beside the plain JavaScript array that it must equal. */
interface Twin {
  readonly block: Block<Elements>;
  readonly zeroed: boolean;
  readonly align: number;
  model: Elements;
}

interface World {
  readonly memory: LinearMemory;
  readonly allocator: Allocator;
  /** The same memory as another thread has it. */
  readonly other: LinearMemory | undefined;
  readonly twins: Twin[];
  readonly texts: { pointer: number; text: string }[];
}

const plain = (type: ElementType<Elements>, length: number): Elements =>
  new (type as unknown as new (length: number) => Elements)(length);

/** What an element of that type makes of a number. */
function elementOf(type: ElementType<Elements>, n: number): number | bigint {
  return type.name.startsWith("Big") ? BigInt(n) : n;
}

function bytesOf({ buffer, byteOffset, length, BYTES_PER_ELEMENT }: ElementArray): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, length * BYTES_PER_ELEMENT);
}

function write(twin: Twin, at: number, n: number, type: ElementType<Elements>): void {
  if (twin.block.length === 0) return;
  const index = at % twin.block.length;
  twin.block.view[index] = twin.model[index] = elementOf(type, n);
}

function check({ memory, twins, texts }: World): void {
  const extents: [start: number, end: number][] = texts.map(({ pointer, text }) => {
    expect(readUtf8(memory, pointer)).toBe(`${Buffer.from(text)}`);
    return [pointer, pointer + 4 + Buffer.byteLength(text)];
  });
  for (const { block, model, align } of twins) {
    const { view, pointer, length } = block;
    expect(length).toBe(model.length);
    expect(bytesOf(view).equals(bytesOf(model))).toBe(true);
    expect(blockOf(view)).toBe(block);
    if (length === 0) continue;
    if (!memory.shared) expect(view.buffer).toBe(memory.u8.buffer);
    expect([view.byteOffset, pointer % align]).toEqual([pointer, 0]);
    extents.push([pointer, pointer + length * view.BYTES_PER_ELEMENT]);
  }
  extents.sort(([a], [b]) => a - b);
  for (let i = 1; i < extents.length; i++) expect(extents[i]![0]).toBeGreaterThanOrEqual(extents[i - 1]![1]);
}

type Step = (world: World) => void;

const index = fc.nat(1_000_000);
const length = fc.oneof({ weight: 4, arbitrary: fc.nat(60) }, fc.nat(3000), fc.constantFrom(0, 1, 16384, 16385));

const make: fc.Arbitrary<Step> = fc
  .record({
    type: fc.constantFrom(...TYPES),
    length,
    zeroed: fc.boolean(),
    align: fc.constantFrom(undefined, undefined, 16, 64, 512),
    value: fc.integer({ min: 1, max: 100 }),
  })
  .map(({ type, length, zeroed, align, value }) => (world) => {
    const options = align === undefined ? { zeroed } : { zeroed, align };
    const block = array(world.allocator, type, length, options);
    const model = plain(type, length);
    if (!zeroed) {
      block.view.fill(elementOf(type, value) as never);
      model.fill(elementOf(type, value) as never);
    }
    world.twins.push({ block, zeroed, align: align ?? type.BYTES_PER_ELEMENT, model });
  });

const onTwin = (act: (twin: Twin, world: World, position: number) => void, at: number): Step => {
  return (world) => {
    const { twins } = world;
    if (twins.length > 0) act(twins[at % twins.length]!, world, at % twins.length);
  };
};

const change: fc.Arbitrary<Step> = fc
  .tuple(index, index, fc.integer({ min: 0, max: 100 }))
  .map(([at, element, n]) =>
    onTwin((twin) => write(twin, element, n, twin.model.constructor as unknown as ElementType<Elements>), at),
  );

const resize: fc.Arbitrary<Step> = fc.tuple(index, length).map(([at, length]) =>
  onTwin((twin) => {
    const { block, zeroed } = twin;
    const type = twin.model.constructor as unknown as ElementType<Elements>;
    const before = twin.model;
    block.resize(length);
    twin.model = plain(type, length);
    for (let i = 0; i < length; i++) {
      if (i < before.length) twin.model[i] = before[i]!;
      else if (!zeroed) block.view[i] = twin.model[i] = elementOf(type, 7);
    }
  }, at),
);

const free: fc.Arbitrary<Step> = index.map((at) =>
  onTwin((twin, { twins }, position) => {
    twin.block.free();
    twins.splice(position, 1);
  }, at),
);

const text: fc.Arbitrary<Step> = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom("a", "ä", "日", "🦊", "\0", "\ufeff", "\ud800"),
      fc.string({ minLength: 1, maxLength: 1 }),
    ),
    maxLength: 60,
  })
  .map((text) => ({ allocator, texts }) => {
    texts.push({ pointer: writeUtf8(allocator, text), text });
  });

const forget: fc.Arbitrary<Step> = index.map((at) => ({ allocator, texts }) => {
  const [gone] = texts.splice(at % Math.max(texts.length, 1), 1);
  if (gone !== undefined) allocator.free?.(gone.pointer);
});

const grow: fc.Arbitrary<Step> = fc.constantFrom<Step>(
  ({ memory }) => memory.reserve(memory.pageCount + 1),
  ({ memory, other }) => {
    // A shared memory of ours hears of others' growth at the next operation.
    memory.wasm.grow(1);
    if (other !== undefined) memory.refresh();
  },
  ({ other }) => other?.reserve(other.pageCount + 1),
);

const program = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: make },
    { weight: 6, arbitrary: change },
    { weight: 4, arbitrary: resize },
    { weight: 2, arbitrary: free },
    { weight: 3, arbitrary: text },
    { weight: 1, arbitrary: forget },
    { weight: 1, arbitrary: grow },
  ),
  { maxLength: 60, size: "max" },
);

const ALLOCATORS: readonly [string, (memory: LinearMemory) => Allocator & { verify(): void }][] = [
  ["heap", (memory) => new Heap({ memory })],
  ["arena", (memory) => new Arena({ memory })],
  ["pool manager", (memory) => new PoolManager({ memory, sizeClasses: [8, 16, 64, 512, 4096, 32768] })],
  ["context", (memory) => contextIn({ mode: "RUNTIME", memory })],
];

describe.each(ALLOCATORS)("random programs over the %s", (name, makeAllocator) => {
  const run = (makeMemory: () => LinearMemory, numRuns: number): void => {
    fc.assert(
      fc.property(program, (steps) => {
        const memory = makeMemory();
        const other = memory.shared
          ? new LinearMemory({ wasm: memory.wasm, firstPage: memory.firstPage, attach: true })
          : undefined;
        const world: World = { memory, allocator: makeAllocator(memory), other, twins: [], texts: [] };
        for (const step of steps) {
          try {
            step(world);
          } catch (error) {
            // A pool manager has no larger slots, and a small memory is full some time.
            if (!["ERR_MORPH_INVALID_SIZE", "ERR_MORPH_OUT_OF_MEMORY"].includes((error as { code: string }).code))
              throw error;
          }
          check(world);
        }
        (world.allocator as { verify?(): void }).verify?.();
      }),
      { numRuns },
    );
  };

  it("follow plain JavaScript values, over growth by us and by a module", () => {
    run(() => new LinearMemory({ initialPages: 2, maxPages: 2000 }), 40);
  });

  it("follow them in a shared memory, over growth by us, by a module and by another thread", () => {
    run(() => new LinearMemory({ initialPages: 8, maxPages: 2000, shared: true }), 40);
  });

  it("follow them above 2 GiB", () => {
    run(() => {
      const memory = new LinearMemory({ initialPages: 2 ** 15 + 64 });
      memory.acquire(2 ** 15, memory.register({ name: "filler", contractVersion: 1, viewsChanged() {} }));
      return memory;
    }, 8);
  });

  it("follow them with debugViews", () => {
    run(() => new LinearMemory({ initialPages: 4, maxPages: 2000, debugViews: true }), name === "arena" ? 10 : 20);
  });
});
