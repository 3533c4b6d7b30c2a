/* In an AudioWorklet: no `performance`, no text encoding, no sleep. */
import { Collector } from "@morph/gc";
import { Heap } from "@morph/heap";
import { MemoryContext, Mutex, SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import { readUtf8, writeUtf8 } from "@morph/view";
import { codeOf } from "./kit.mjs";

function use({ handle }) {
  const globals = [typeof performance, typeof TextEncoder, typeof TextDecoder];
  const own = new MemoryContext({ mode: "RUNTIME", memory: new LinearMemory({ initialPages: 2 }) });
  own.registerType(3, "größe 🙂");
  for (let i = 0; i < 3000; i++) own.alloc(i % 2000, 3);
  own.verify();
  const heap = new Heap({ memory: own.memory });
  const text = readUtf8(heap.memory, writeUtf8(heap, "häagen 🙂"));
  const gc = new Collector({ memory: own.memory });
  const type = gc.type({ name: "number", size: 8 });
  for (let i = 0; i < 200_000; i++) gc.alloc(type);
  gc.verify();
  const there = SharedContext.attach(handle);
  there.registerType(4, "worklet");
  const pointer = there.alloc(100, 4);
  there.memory.u32[pointer / 4] = 4711;
  const other = new Mutex(there.memory.i32, handle.place.anchor);
  other.lock();
  const code = codeOf(() => there.alloc(8, 4));
  other.unlock();
  there.free(there.alloc(8, 4));
  return { globals, name: own.typeName(3), text, minor: gc.stats().minorCollections, pointer, code };
}

registerProcessor(
  "user",
  class extends AudioWorkletProcessor {
    constructor({ processorOptions }) {
      super();
      try {
        this.port.postMessage({ result: use(processorOptions) });
      } catch (error) {
        this.port.postMessage({ error: error.stack });
      }
    }
    process() {
      return false;
    }
  },
);
