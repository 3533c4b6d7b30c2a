import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import { expect, it } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import { Heap } from "../src/index.ts";

it("goes on in a copy of the memory's bytes, found by its names", () => {
  const memory = new LinearMemory({ initialPages: 4 });
  const heap = new Heap({ memory });
  const sizes = Array.from({ length: 300 }, (_, i) => 1 + ((i * i * 37) % 9000));
  const objects = sizes.map((size, i) => {
    const object = heap.malloc(size);
    memory.u8.fill(i, object, object + size);
    return object;
  });
  for (let i = 0; i < 300; i += 3) heap.free(objects[i]!);
  const place = heap.malloc(heap.stateBytes);
  heap.saveState(place);
  memory.roots.set("heap", place);

  const snapshot = memory.u8.slice();
  const wasm = new WebAssembly.Memory({ initial: snapshot.length / PAGE_BYTES });
  new Uint8Array(wasm.buffer).set(snapshot);
  const opened = new LinearMemory({ wasm, firstPage: 0, attach: true });
  const found = opened.roots.get("heap");
  const again = new Heap({ memory: opened, owner: opened.ownerOf(found) });
  again.loadState(found);
  again.verify();
  const { currentLive } = heap.stats();
  expect(again.stats().currentLive).toBe(currentLive);
  for (let i = 0; i < 300; i++) {
    const object = objects[i]!;
    if (i % 3 === 0) {
      expect(codeOf(() => again.free(object))).toBe("ERR_MORPH_DOUBLE_FREE");
      continue;
    }
    expect(opened.u8.subarray(object, object + sizes[i]!).every((byte) => byte === (i & 255))).toBe(true);
    again.free(object);
  }
  again.malloc(5_000_000);
  again.verify();
  // The old one knows nothing of that.
  heap.verify();
  expect(heap.stats().currentLive).toBe(currentLive);
});
