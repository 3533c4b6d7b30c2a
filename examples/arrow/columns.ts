import type { Heap } from "@morph/heap";
import { array, type Block, type ElementType } from "@morph/view";
import { makeVector, Table, tableFromIPC, type Vector } from "apache-arrow";

type Values = Int32Array | Uint32Array | Float32Array | Float64Array;

/** Arrow asks that buffers start at multiples of it. */
const ALIGN = 64;

/**
 * Columns of Arrow's tables in linear memory, which JavaScript, WebAssembly and workers read and write without a copy. In place of: an `ArrayBuffer` for
 * each column. A growth of an unshared memory empties a table that was made before it, without a word: so take `table` anew after whatever may allocate.
 */
export class ArrowColumns {
  private readonly heap: Heap;
  private readonly blocks: Map<string, Block<Values>> = new Map();

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** A zeroed column; its block's `view` is always current. */
  add<T extends Values>(name: string, type: ElementType<T>, rows: number): Block<T> {
    const block = array(this.heap, type, rows, { align: ALIGN, zeroed: true });
    this.blocks.set(name, block);
    return block;
  }

  /** All columns as a table of now. O(columns). */
  get table(): Table {
    const vectors = [...this.blocks].map(([name, block]): [string, Vector] => [name, makeVector(block.view)]);
    return new Table(Object.fromEntries(vectors));
  }

  /** Gives the columns back. */
  free(): void {
    for (const block of this.blocks.values()) block.free();
    this.blocks.clear();
  }
}

/** A file of Arrow's in linear memory; `tableFromIPC(file.view)` reads it without a copy. */
export function keepFile(heap: Heap, bytes: Uint8Array): Block<Uint8Array> {
  const file = array(heap, Uint8Array, bytes.length, { align: ALIGN });
  file.view.set(bytes);
  return file;
}

/** The table in such a file. */
export const readFile = (file: Block<Uint8Array>): Table => tableFromIPC(file.view);
