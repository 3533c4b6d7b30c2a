import type { Runtime } from "../runtime.ts";

/*
 * Programs against the runtime's interface, shaped as what N0's compiled programs ask for: strings in two pieces, structs, list nodes,
 * maps by content, arrays that grow by concatenation. Variables lie in a frame in the memory and are rooted, as compiled code does.
 */

/** A program that runs on any runtime. */
export interface SampleProgram {
  readonly name: string;
  run(runtime: Runtime): void;
}

/** Slots of 8 bytes that hold pointers, all rooted. */
class Frame {
  private readonly runtime: Runtime;
  private readonly at: number;
  private readonly slots: number;

  constructor(runtime: Runtime, slots: number) {
    this.runtime = runtime;
    this.slots = slots;
    this.at = runtime.acquireRegion(slots * 8);
    for (let i = 0; i < slots; i++) runtime.mph_gc_push_root(this.at + i * 8);
  }

  get(slot: number): number {
    return (this.runtime.memory.i32[(this.at + slot * 8) >>> 2] as number) >>> 0;
  }

  set(slot: number, pointer: number): number {
    store(this.runtime, this.at + slot * 8, pointer);
    return pointer;
  }

  end(): void {
    this.runtime.mph_gc_pop_roots(this.slots);
    this.runtime.releaseRegion(this.at);
  }
}

function store(runtime: Runtime, address: number, pointer: number): void {
  runtime.memory.i32[address >>> 2] = pointer;
  runtime.mph_record_store(address, pointer);
}

/** The front end of a compiler: tokens, interned names, a tree, all of it live to the end. */
export function frontEnd(tokens: number): SampleProgram {
  return {
    name: "front end",
    run(runtime) {
      const token = runtime.registerType({ name: "Token", size: 32, pointerOffsets: [8] });
      const node = runtime.registerType({ name: "Node", size: 48, pointerOffsets: [16, 24, 32] });
      const list = runtime.registerType({ name: "List", size: 16, pointerOffsets: [0, 8] });
      const frame = new Frame(runtime, 6);
      const source = frame.set(
        0,
        runtime.newString("selama hitung < batas hitung = hitung + langkah akhir kembalikan hasil "),
      );
      const names = frame.set(1, runtime.mph_map_new(1, 1));
      const length = runtime.mph_string_len(source);
      for (let i = 0; i < tokens; i++) {
        const start = (i * 7) % (length - 9);
        const text = frame.set(2, runtime.mph_string_substring(source, start, 0, start + 1 + (i % 9), 0));
        const it = frame.set(3, runtime.mph_alloc(32, token));
        runtime.memory.i32[it >>> 2] = i & 63;
        if (i % 4 === 0) {
          const digits = frame.set(4, runtime.mph_conv_Itoa(i % 3000, 0));
          const name = frame.set(4, runtime.mph_string_concat(text, digits));
          if (runtime.mph_map_get(names, name, 0) === 0) runtime.mph_map_set(names, name, 0, it, 0);
        }
        store(runtime, it + 8, text);
        const tree = runtime.mph_alloc(48, node);
        store(runtime, tree + 16, it);
        frame.set(4, tree);
        const cell = runtime.mph_alloc(16, list);
        store(runtime, cell, tree);
        store(runtime, cell + 8, frame.get(5));
        frame.set(5, cell);
      }
      frame.end();
    },
  };
}

/** Text assembled from short pieces; most of it dies at once. */
export function textChurn(lines: number): SampleProgram {
  return {
    name: "text churn",
    run(runtime) {
      const frame = new Frame(runtime, 5);
      const comma = frame.set(0, runtime.newString(", "));
      const kept = frame.set(1, runtime.mph_map_new(0, 1));
      for (let i = 0; i < lines; i++) {
        frame.set(2, runtime.mph_conv_Itoa(i, 0));
        for (let j = 0; j < 4; j++) {
          frame.set(3, runtime.mph_string_concat(frame.get(2), comma));
          frame.set(2, runtime.mph_string_concat(frame.get(3), runtime.mph_conv_Itoa(i * j, 0)));
        }
        if (i % 16 === 0) runtime.mph_map_set(kept, i % 4096, 0, frame.get(2), 0);
      }
      frame.end();
    },
  };
}

/** Stacks of ints that grow and shrink by concatenation: a new array for every step. */
export function arrayAppend(stacks: number, depth: number): SampleProgram {
  return {
    name: "array append",
    run(runtime) {
      const frame = new Frame(runtime, 3);
      for (let s = 0; s < stacks; s++) {
        frame.set(0, runtime.mph_array_new(0, 8, 0));
        for (let i = 0; i < depth; i++) {
          frame.set(1, runtime.mph_array_new(1, 8, 0));
          frame.set(0, runtime.mph_array_concat(frame.get(0), frame.get(1)));
        }
      }
      frame.end();
    },
  };
}

/** A linked list of small nodes, all live. */
export function linkedList(nodes: number): SampleProgram {
  return {
    name: "linked list",
    run(runtime) {
      const node = runtime.registerType({ name: "Cell", size: 16, pointerOffsets: [8] });
      const frame = new Frame(runtime, 1);
      for (let i = 0; i < nodes; i++) {
        const cell = runtime.mph_alloc(16, node);
        store(runtime, cell + 8, frame.get(0));
        frame.set(0, cell);
      }
      frame.end();
    },
  };
}
