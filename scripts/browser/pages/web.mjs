/* What browsers have beside JavaScript, on a memory's bytes: worklets, frames, text, storage, and their limits. */
import { Heap } from "@morph/heap";
import { MemoryContext, SharedContext } from "@morph/mem-v2";
import { LinearMemory } from "@morph/memory";
import { array, LeakGuard, readCString, readUtf8, writeCString, writeUtf8 } from "@morph/view";
import { codeOf, expect, expectSame, random, turn } from "./kit.mjs";

async function worklet() {
  const memory = new LinearMemory({ shared: true, maxPages: 1000 });
  const context = new SharedContext({ mode: "RUNTIME", memory, lockTimeoutMs: 50 });
  const audio = new OfflineAudioContext(1, 128, 44_100);
  await audio.audioWorklet.addModule("processor.js");
  const node = new AudioWorkletNode(audio, "user", { processorOptions: { handle: context.handle() } });
  const { error, result } = await new Promise((done) => {
    node.port.onmessage = ({ data }) => done(data);
  });
  expect(error === undefined, error);
  const { globals, name, text, minor, pointer, code } = result;
  expectSame([name, text, minor > 0, code], ["größe 🙂", "häagen 🙂", true, "ERR_MORPH_TIMEOUT"], "what it did");
  expectSame([memory.u32[pointer / 4], context.typeName(4)], [4711, "worklet"], "what is seen here");
  context.verify();
  return `performance, TextEncoder, TextDecoder: ${globals.join(", ")}`;
}

async function frame() {
  const element = document.createElement("iframe");
  element.src = "frame.html";
  document.body.append(element);
  await new Promise((done) => {
    element.onload = done;
  });
  const there = element.contentWindow;
  for (const shared of [false, true]) {
    const wasm = new there.WebAssembly.Memory({ initial: 4, maximum: 2000, shared });
    expect(!(wasm.buffer instanceof (shared ? SharedArrayBuffer : ArrayBuffer)), "the frame is no realm of its own");
    const memory = new LinearMemory({ wasm, firstPage: 0 });
    expectSame([memory.shared, memory.maxPages], [shared, 2000], "what is known of it");
    const context = new (shared ? SharedContext : MemoryContext)({ mode: "RUNTIME", memory });
    for (let i = 0; i < 3000; i++) context.alloc(5000, 1);
    const block = array(context, there.Float32Array, 100, { zeroed: true });
    expect(block.view instanceof there.Float32Array && block.view[99] === 0, "a block of the frame's class");
    expectSame(readUtf8(memory, writeUtf8(context, "häagen")), "häagen", "text");
    context.verify();
    const ours = new WebAssembly.Memory({ initial: 4, maximum: 2000, shared });
    expectSame(there.page.use(ours), [shared, 3000], "what the frame made of our memory");
  }
  element.remove();
}

function texts() {
  const next = random(9);
  for (const shared of [false, true]) {
    const heap = new Heap({ memory: new LinearMemory({ initialPages: 2, maxPages: 2000, shared }) });
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    for (let i = 0; i < 4000; i++) {
      const bytes = Uint8Array.from({ length: next(60) }, () => (next(3) === 0 ? 0x41 + next(26) : 0x80 + next(128)));
      const at = heap.malloc(bytes.length + 4);
      heap.memory.u32[at / 4] = bytes.length;
      heap.memory.u8.set(bytes, at + 4);
      expect(readUtf8(heap.memory, at) === decoder.decode(bytes), `${bytes} is read otherwise`);
      heap.free(at);
    }
    for (const text of ["", "\ufeffbom", "x".repeat(70_000), "ä🙂".repeat(700_000), "\ud800 half"]) {
      expect(readUtf8(heap.memory, writeUtf8(heap, text)) === text.toWellFormed(), "writeUtf8");
      expect(readCString(heap.memory, writeCString(heap, text)) === text.toWellFormed(), "writeCString");
    }
  }
}

/** Some functions of browsers refuse a part of a buffer above 2 GiB. */
function above2GiB(shared) {
  const memory = new LinearMemory({ initialPages: 40_000, maxPages: 40_000, shared });
  const heap = new Heap({ memory });
  heap.malloc(2 ** 31 + 2 ** 20);
  for (const text of ["a", "häagen 🙂", "x".repeat(200_000), "ä".repeat(900_000)]) {
    const at = writeUtf8(heap, text);
    expect(at > 2 ** 31 && readUtf8(memory, at) === text, `text at ${at}`);
    expect(readCString(memory, writeCString(heap, text)) === text, "a C string");
  }
  const block = array(heap, Float64Array, 1000);
  block.view.fill(0.5);
  expect(block.pointer > 2 ** 31 && block.view[999] === 0.5, "a block");
  heap.verify();
}

async function interfaces() {
  const heap = new Heap();
  const block = array(heap, Uint8Array, 1000);
  block.view.fill(65);
  const { view } = block;
  const digest = await crypto.subtle.digest("SHA-256", view);
  expectSame(digest.byteLength, 32, "crypto.subtle.digest");
  expectSame(await new Blob([view]).text(), "A".repeat(1000), "Blob");
  expectSame(await new Response(view).text(), "A".repeat(1000), "Response");
  const response = await fetch("web.js", { method: "POST", body: view });
  const reader = response.body.getReader();
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const at = heap.malloc(part.value.length);
    heap.memory.u8.set(part.value, at);
    bytes += part.value.length;
  }
  expect(bytes > 10_000, `fetch gave ${bytes} bytes`);
  crypto.getRandomValues(block.view);
  const base = await new Promise((done, fail) => {
    const opening = indexedDB.open("check", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("bytes");
    opening.onsuccess = () => done(opening.result);
    opening.onerror = () => fail(opening.error);
  });
  const request = (one) =>
    new Promise((done, fail) => {
      one.onsuccess = () => done(one.result);
      one.onerror = () => fail(one.error);
    });
  const store = () => base.transaction("bytes", "readwrite").objectStore("bytes");
  const kept = [...block.view];
  await request(store().put(block.view.slice(), "copy"));
  await request(store().put(block.view, "view"));
  expectSame([...(await request(store().get("copy")))], kept, "a copy in IndexedDB");
  const back = await request(store().get("view"));
  expectSame([...back], kept, "a view in IndexedDB");
  const { length } = memoryOf(back);
  base.close();
  return `IndexedDB keeps ${length} bytes for a view of 1000`;
}
const memoryOf = (view) => new Uint8Array(view.buffer);

function debugViews() {
  const memory = new LinearMemory({ initialPages: 4, debugViews: true });
  const heap = new Heap({ memory });
  const at = heap.malloc(16);
  const kept = memory.u8;
  heap.malloc(16);
  expectSame([kept.length, memory.u8.length > 0], [0, true], "views after an allocation");
  const block = array(heap, Int32Array, 4);
  heap.free(block.pointer);
  expectSame(
    codeOf(() => block.view),
    "ERR_MORPH_USE_AFTER_FREE",
    "a block whose object was freed",
  );
  heap.free(at);
}

async function leaks() {
  const heap = new Heap();
  const told = [];
  const guard = new LeakGuard({ free: true, onLeak: (leak) => told.push(leak) });
  (() => array(heap, Float32Array, 7, { guard }))();
  array(heap, Float32Array, 9, { guard }).free();
  for (let i = 0; i < 50 && told.length === 0; i++) {
    gc();
    await turn(10);
  }
  expectSame(
    told.map(({ what }) => what),
    ["Float32Array of 7"],
    "what was told",
  );
  expect(/web\.js/.test(told[0].madeAt), `made at ${told[0].madeAt}`);
  expectSame([...heap.liveObjects()].length, 0, "what lives");
}

async function manyMemories() {
  const memories = [];
  let code;
  while (code === undefined && memories.length < 1000) {
    try {
      memories.push(new LinearMemory());
    } catch (error) {
      code = error.code;
    }
  }
  expectSame(code, "ERR_MORPH_OUT_OF_MEMORY", "the refusal");
  const count = memories.length;
  const heaps = memories.map((memory) => new Heap({ memory }));
  for (const heap of heaps) heap.free(heap.malloc(5000));
  memories.length = 0;
  heaps.length = 0;
  for (let i = 0; i < 20; i++) {
    gc();
    await turn(10);
  }
  new Heap().malloc(10);
  return `the engine refused number ${count + 1}`;
}

export const checks = {
  "an AudioWorklet: contexts, type names, a lock, text, a collector": worklet,
  "a frame's memory, and ours in the frame": frame,
  "text as TextDecoder reads it, unshared and shared": texts,
  "text and blocks above 2 GiB": () => above2GiB(false),
  "text and blocks above 2 GiB, shared": () => above2GiB(true),
  "crypto, Blob, Response, fetch and IndexedDB take a block's view": interfaces,
  debugViews: debugViews,
  "a leak guard tells what was collected, and frees it": leaks,
  "many memories: ERR_MORPH_OUT_OF_MEMORY, and room again afterwards": manyMemories,
};
