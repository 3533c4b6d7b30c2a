import { expect } from "vitest";
import type { RuntimeOptions } from "../src/index.ts";
import { Program } from "./support.ts";

/** The model: plain JavaScript objects, compared with the heap by walking both. */
type Model =
  | { kind: "string"; text: string }
  | { kind: "array"; items: (Model | null)[] }
  | { kind: "map"; strings: boolean; entries: Map<string, Model | null> }
  | Struct
  | { kind: "identities"; entries: Map<Struct, Model | null> }
  | { kind: "builder"; text: string }
  | { kind: "holder"; offset: number; held: Model | null };

interface Struct {
  kind: "struct";
  value: number;
  next: Model | null;
  other: Model | null;
}

const VARIABLES = 24;

/** mulberry32: a small generator with a seed. */
function random(seed: number): (below: number) => number {
  let state = seed | 0;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** Runs random runtime calls beside the model; compares everything reachable now and then, and verifies the heap. */
export function runRandomProgram(options: Omit<RuntimeOptions, "stdout">, seed: number, operations: number): Program {
  const p = new Program(options, VARIABLES + 8);
  const { runtime } = p;
  const below = random(seed);
  const struct = runtime.registerType({ name: "struct", size: 24, pointerOffsets: [8, 16] });
  const structs: Struct[] = [];
  const models: (Model | null)[] = new Array(VARIABLES).fill(null);
  const frame = runtime.acquireRegion(VARIABLES * 8);
  for (let i = 0; i < VARIABLES; i++) runtime.mph_gc_push_root(frame + i * 8);

  const pointerOf = (variable: number): number => p.word(frame + variable * 8) >>> 0;
  const store = (address: number, pointer: number): void => {
    p.i32[address >>> 2] = pointer;
    runtime.mph_record_store(address, pointer);
  };
  const assign = (variable: number, pointer: number, model: Model | null): void => {
    store(frame + variable * 8, pointer);
    models[variable] = model;
  };
  /** A variable that holds a kind of object, or -1. */
  const find = (kind: Model["kind"]): number => {
    const start = below(VARIABLES);
    for (let i = 0; i < VARIABLES; i++) {
      const variable = (start + i) % VARIABLES;
      if (models[variable]?.kind === kind) return variable;
    }
    return -1;
  };
  const text = (length: number): string => String.fromCharCode(...Array.from({ length }, () => 97 + below(4)));

  const steps: (() => void)[] = [
    () => {
      const content = text(below(40));
      assign(below(VARIABLES), runtime.newString(content), { kind: "string", text: content });
    },
    () => {
      const [a, b] = [find("string"), find("string")];
      if (a < 0) return;
      const [left, right] = [models[a], models[b]] as { kind: "string"; text: string }[];
      if (left!.text.length + right!.text.length > 300) return;
      const pointer = runtime.mph_string_concat(pointerOf(a), pointerOf(b));
      assign(below(VARIABLES), pointer, { kind: "string", text: left!.text + right!.text });
    },
    () => {
      const s = find("string");
      if (s < 0) return;
      const content = (models[s] as { text: string }).text;
      const [start, end] = [below(60) - 10, below(60) - 10];
      const pointer = runtime.mph_string_substring(pointerOf(s), start, start >> 31, end, end >> 31);
      const clampTo = (value: number): number => Math.min(Math.max(value, 0), content.length);
      const expected = content.slice(clampTo(start), Math.max(clampTo(start), clampTo(end)));
      assign(below(VARIABLES), pointer, { kind: "string", text: expected });
    },
    () => {
      const s = find("string");
      if (s < 0) return;
      const content = (models[s] as { text: string }).text;
      const separator = text(1);
      const sep = below(VARIABLES);
      if (sep === s) return;
      assign(sep, runtime.newString(separator), { kind: "string", text: separator });
      expect(runtime.mph_string_index(pointerOf(s), pointerOf(sep))).toBe(content.indexOf(separator));
      const items = content.split(separator).map((part): Model => ({ kind: "string", text: part }));
      assign(below(VARIABLES), runtime.mph_string_split(pointerOf(s), pointerOf(sep)), { kind: "array", items });
    },
    () => {
      const length = below(12);
      const pointer = runtime.mph_array_new(length, p.referenceBytes, 1);
      assign(below(VARIABLES), pointer, { kind: "array", items: new Array(length).fill(null) });
    },
    () => {
      const [a, from] = [find("array"), below(VARIABLES)];
      if (a < 0) return;
      const { items } = models[a] as { items: (Model | null)[] };
      if (items.length === 0) return;
      const index = below(items.length);
      p.storeElement(pointerOf(a), index, pointerOf(from));
      items[index] = models[from] as Model | null;
    },
    () => {
      const a = find("array");
      if (a < 0) return;
      const { items } = models[a] as { items: (Model | null)[] };
      if (items.length === 0) return;
      const index = below(items.length);
      assign(below(VARIABLES), p.element(pointerOf(a), index), items[index] as Model | null);
    },
    () => {
      const [a, b] = [find("array"), find("array")];
      if (a < 0) return;
      const [left, right] = [models[a], models[b]] as { items: (Model | null)[] }[];
      if (left!.items.length + right!.items.length > 80) return;
      const pointer = runtime.mph_array_concat(pointerOf(a), pointerOf(b));
      assign(below(VARIABLES), pointer, { kind: "array", items: [...left!.items, ...right!.items] });
    },
    () => {
      const strings = below(2) === 0;
      const pointer = runtime.mph_map_new(strings ? 1 : 0, 1);
      assign(below(VARIABLES), pointer, { kind: "map", strings, entries: new Map() });
    },
    () =>
      mapStep((map, low, key, model) => {
        const from = below(VARIABLES);
        runtime.mph_map_set(map, low, 0, pointerOf(from), 0);
        model.set(key, models[from] as Model | null);
      }),
    () =>
      mapStep((map, low, key, model) => {
        runtime.mph_map_delete(map, low, 0);
        model.delete(key);
      }),
    () =>
      mapStep((map, low, key, model) => {
        expect(runtime.mph_map_get(map, low, 0)).toBe(model.has(key) ? 1 : 0);
        expect(runtime.mph_map_len(map)).toBe(model.size);
        assign(below(VARIABLES), p.word(runtime.resultCell), model.get(key) ?? null);
      }),
    () => {
      const [next, other] = [below(VARIABLES), below(VARIABLES)];
      const value = structs.length;
      const pointer = runtime.mph_alloc(24, struct);
      p.i32[pointer >>> 2] = value;
      p.storeField(pointer, 8, pointerOf(next));
      p.storeField(pointer, 16, pointerOf(other));
      const model: Struct = { kind: "struct", value, next: models[next] as Model, other: models[other] as Model };
      structs.push(model);
      assign(below(VARIABLES), pointer, model);
    },
    () => {
      const s = find("struct");
      if (s < 0) return;
      const model = models[s] as { next: Model | null };
      assign(below(VARIABLES), p.word(pointerOf(s) + 8), model.next);
    },
    () => {
      // `tambah`: the array grows where it is full.
      const [a, from] = [find("array"), below(VARIABLES)];
      if (a < 0) return;
      const { items } = models[a] as { items: (Model | null)[] };
      if (items.length > 80) return;
      if (p.capacity(pointerOf(a)) === items.length) runtime.mph_array_grow(pointerOf(a));
      p.i32[(pointerOf(a) + 8) >>> 2] = items.length + 1;
      runtime.mph_record_word(pointerOf(a) + 8, items.length + 1);
      p.storeElement(pointerOf(a), items.length, pointerOf(from));
      items.push(models[from] as Model | null);
    },
    () => {
      const m = find("map");
      if (m < 0) return;
      const { strings, entries } = models[m] as { strings: boolean; entries: Map<string, Model | null> };
      if (!strings) return;
      const items = [...entries.keys()].sort().map((key): Model => ({ kind: "string", text: key }));
      const pointer = runtime.mph_map_keys(pointerOf(m), 0);
      expect(p.texts(pointer)).toEqual(items.map((item) => (item as { text: string }).text));
    },
    () => assign(below(VARIABLES), runtime.mph_map_new(2, 1), { kind: "identities", entries: new Map() }),
    () => {
      const [m, key, from] = [find("identities"), find("struct"), below(VARIABLES)];
      if (m < 0 || key < 0) return;
      const { entries } = models[m] as { entries: Map<Struct, Model | null> };
      const model = models[key] as Struct;
      expect(runtime.mph_map_get(pointerOf(m), pointerOf(key), 0)).toBe(entries.has(model) ? 1 : 0);
      if (below(4) === 0) {
        runtime.mph_map_delete(pointerOf(m), pointerOf(key), 0);
        entries.delete(model);
      } else {
        runtime.mph_map_set(pointerOf(m), pointerOf(key), 0, pointerOf(from), 0);
        entries.set(model, models[from] as Model | null);
      }
    },
    () => assign(below(VARIABLES), runtime.mph_bytes_New(), { kind: "builder", text: "" }),
    () => {
      const [b, s, other] = [find("builder"), find("string"), find("builder")];
      if (b < 0 || s < 0) return;
      const model = models[b] as { text: string };
      if (model.text.length > 500) {
        runtime.mph_bytes_Clear(pointerOf(b));
        model.text = "";
      }
      const { text: more } = models[s] as { text: string };
      runtime.mph_bytes_Add(pointerOf(b), pointerOf(s));
      runtime.mph_bytes_AddByte(pointerOf(b), 122, 0);
      model.text += `${more}z`;
      const { text: all } = models[other] as { text: string };
      runtime.mph_bytes_AddAll(pointerOf(b), pointerOf(other));
      model.text += all;
      assign(below(VARIABLES), runtime.mph_bytes_String(pointerOf(b)), { kind: "string", text: model.text });
    },
    () => {
      const from = below(VARIABLES);
      const held = models[from] as Model | null;
      const kind = below(3);
      const holder = [
        () => runtime.mph_interface_box(pointerOf(from), 1, 2),
        () => runtime.mph_error_new(pointerOf(from)),
        () => runtime.mph_closure_new(3, pointerOf(from), 0),
      ][kind]!();
      assign(below(VARIABLES), holder, { kind: "holder", offset: kind === 2 ? 8 : 0, held });
    },
    () => assign(below(VARIABLES), 0, null),
    () => {
      if (below(40) === 0) runtime.mph_alloc(below(9000), below(2));
      if (below(400) === 0) runtime.mph_gc_collect();
    },
  ];

  /** A step on some map with a key that is often there. The key string lives in a variable meanwhile. */
  function mapStep(act: (map: number, low: number, key: string, model: Map<string, Model | null>) => void): void {
    const m = find("map");
    if (m < 0) return;
    const { strings, entries } = models[m] as { strings: boolean; entries: Map<string, Model | null> };
    if (!strings) {
      const key = below(60) - 30;
      act(pointerOf(m), key, String(key), entries);
      return;
    }
    const key = text(below(4));
    const variable = (m + 1) % VARIABLES;
    assign(variable, runtime.newString(key), { kind: "string", text: key });
    act(pointerOf(m), pointerOf(variable), key, entries);
  }

  const compareAll = (): void => {
    const seen = new Map<Model, number>();
    const queue: [Model | null, number][] = models.map((model, i) => [model, pointerOf(i)]);
    for (let entry = queue.pop(); entry !== undefined; entry = queue.pop()) {
      const [model, signed] = entry;
      const pointer = signed >>> 0;
      if (model === null) {
        if (pointer !== 0) throw new Error(`seed ${seed}: expected null, got ${pointer}`);
        continue;
      }
      const known = seen.get(model);
      if (known !== undefined) {
        if (known !== pointer) throw new Error(`seed ${seed}: one object at ${known} and ${pointer}`);
        continue;
      }
      seen.set(model, pointer);
      if (model.kind === "string") {
        if (p.text(pointer) !== model.text) throw new Error(`seed ${seed}: ${p.text(pointer)} is not ${model.text}`);
      } else if (model.kind === "array") {
        if (p.word(pointer + 8) !== model.items.length) throw new Error(`seed ${seed}: an array's length`);
        for (const [i, item] of model.items.entries()) queue.push([item, p.element(pointer, i)]);
      } else if (model.kind === "struct") {
        if (p.word(pointer) !== model.value) throw new Error(`seed ${seed}: a struct's value`);
        queue.push([model.next, p.word(pointer + 8)], [model.other, p.word(pointer + 16)]);
      } else if (model.kind === "identities") queueIdentities(model.entries, pointer, queue);
      else if (model.kind === "builder") {
        const data = (p.word(pointer) >>> 0) + p.dataStart;
        const text = Buffer.from(runtime.memory.u8.subarray(data, data + p.word(pointer + 8))).toString();
        if (text !== model.text) throw new Error(`seed ${seed}: a builder has ${text}, not ${model.text}`);
      } else if (model.kind === "holder") queue.push([model.held, p.word(pointer + model.offset)]);
      else queueMap(model, pointer, queue);
    }
    if (new Set(seen.values()).size !== seen.size) throw new Error(`seed ${seed}: two objects share a pointer`);
  };
  /** Entries of a map of structs: each is found under its pointer of now. */
  function queueIdentities(model: Map<Struct, Model | null>, pointer: number, queue: [Model | null, number][]): void {
    const entries = (p.word(pointer) >>> 0) + p.dataStart;
    const keys: number[] = [];
    for (let at = entries; at < entries + p.word(pointer + 8) * 24; at += 24) {
      if (p.word(at + 16) === 0 || p.word(at + 20) !== 0) continue;
      keys.push(p.word(at));
      const key = structs[p.word(p.word(at))] as Struct;
      if (!model.has(key)) throw new Error(`seed ${seed}: a key that was not put in`);
      queue.push([key, p.word(at)], [model.get(key) ?? null, p.word(at + 8)]);
    }
    if (keys.length !== model.size) throw new Error(`seed ${seed}: ${keys.length} keys, not ${model.size}`);
    // A search may put the entries in other places, so it comes when all were looked at.
    for (const key of keys) {
      if (runtime.mph_map_get(pointer, key, 0) !== 1) throw new Error(`seed ${seed}: a struct is not found`);
    }
  }
  /** Entries of a map, without looking them up: a lookup of a string would allocate its key. */
  function queueMap(
    model: { strings: boolean; entries: Map<string, Model | null> },
    pointer: number,
    queue: [Model | null, number][],
  ): void {
    const found = new Map<string, number>();
    const entries = (p.word(pointer) >>> 0) + p.dataStart;
    for (let at = entries; at < entries + p.word(pointer + 8) * 24; at += 24) {
      if (p.word(at + 16) === 0 || p.word(at + 20) !== 0) continue;
      found.set(model.strings ? p.text(p.word(at)) : String(p.word(at)), p.word(at + 8));
    }
    if (found.size !== model.entries.size || p.word(pointer + 16) !== found.size) {
      throw new Error(`seed ${seed}: a map has ${found.size} entries, not ${model.entries.size}`);
    }
    for (const [key, value] of model.entries) {
      if (!found.has(key)) throw new Error(`seed ${seed}: the key ${key} is lost`);
      queue.push([value, found.get(key) as number]);
    }
  }

  const checkEvery = Math.min(1000, Math.ceil(operations / 20));
  for (let i = 1; i <= operations; i++) {
    steps[below(steps.length)]!();
    if (i % checkEvery === 0) compareAll();
    // From time to time everything dies, so that little lives: a comparison walks all of it.
    if (i % 3000 === 0) for (let variable = 0; variable < VARIABLES; variable++) assign(variable, 0, null);
    if (i % (checkEvery * 10) === 0) runtime.verify();
  }
  compareAll();
  runtime.verify();
  const stats = runtime.stats();
  expect(stats.liveObjects + stats.collections.freedObjects).toBe(stats.allocations);
  return p;
}
