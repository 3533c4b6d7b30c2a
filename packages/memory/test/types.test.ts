import { describe, expectTypeOf, it } from "vitest";
import { type AddressSpace, LinearMemory } from "../src/index.ts";

// What is expected of types is checked by `typecheck`.
describe("the type of a memory's views", () => {
  it("is that of an ArrayBuffer where it is not shared, so that the web's functions take them", () => {
    const memory = new LinearMemory({ initialPages: 1 });
    expectTypeOf(memory.u8).toEqualTypeOf<Uint8Array<ArrayBuffer>>();
    expectTypeOf(memory.f64).toEqualTypeOf<Float64Array<ArrayBuffer>>();
    expectTypeOf(memory.i64).toEqualTypeOf<BigInt64Array<ArrayBuffer>>();
    expectTypeOf(memory.u8).toExtend<BodyInit & BufferSource & BlobPart>();
    expectTypeOf(new LinearMemory()).toEqualTypeOf<LinearMemory<ArrayBuffer>>();
    expectTypeOf(new LinearMemory({ shared: false, maxPages: 3 })).toEqualTypeOf<LinearMemory<ArrayBuffer>>();
  });

  it("is that of a SharedArrayBuffer where it is", () => {
    const memory = new LinearMemory({ shared: true, maxPages: 256 });
    expectTypeOf(memory.u8).toEqualTypeOf<Uint8Array<SharedArrayBuffer>>();
    // Browsers refuse it.
    expectTypeOf(memory.u8).not.toExtend<BodyInit>();
  });

  it("is either's where that is not known", () => {
    const shared = Math.random() < 0.5;
    const wasm = new WebAssembly.Memory({ initial: 1 });
    const options = { wasm, exactGrowth: true, firstPage: 0 };
    expectTypeOf(new LinearMemory({ shared, maxPages: 9 }).u8).toEqualTypeOf<Uint8Array<ArrayBufferLike>>();
    expectTypeOf(new LinearMemory(options).u8).toEqualTypeOf<Uint8Array<ArrayBufferLike>>();
    expectTypeOf<LinearMemory["u8"]>().toEqualTypeOf<Uint8Array<ArrayBufferLike>>();
  });

  it("fits wherever a memory is asked for, and what allocators call their memory fits too", () => {
    const ask = (memory: LinearMemory): number => memory.pageCount + memory.maxPages;
    expectTypeOf(ask).toBeCallableWith(new LinearMemory());
    expectTypeOf(ask).toBeCallableWith(new LinearMemory({ shared: true }));
    expectTypeOf<AddressSpace>().toExtend<LinearMemory>();
    expectTypeOf<LinearMemory<SharedArrayBuffer>>().toExtend<AddressSpace>();
  });
});
