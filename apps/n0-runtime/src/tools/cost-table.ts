import { LinearMemory, PAGE_BYTES } from "@morph/memory";
import Table from "cli-table3";
import { createAllocator } from "../create-allocator.ts";
import { Regions } from "../regions.ts";
import { RAW } from "../values/types.ts";

/** What an object of a payload costs, in bytes. */
export interface ObjectCost {
  readonly payload: number;
  /** By arithmetic: whole pages with their tails and descriptors over the objects they hold. */
  readonly v1: number;
  readonly v2: number;
  /** By measurement: the footprint of many such objects over their number, each allocator's own tables included. */
  readonly measuredV1: number;
  readonly measuredV2: number;
  /** The same for V2 without its tables: slabs and blocks alone. */
  readonly pagesV2: number;
}

/** What {@link measureCost} found, in bytes an object. */
export interface MeasuredCost {
  /** The footprint as the statistics tell it. */
  readonly footprint: number;
  /** The memory's pages that belong to allocators: no tables. */
  readonly pages: number;
}

/** V1: pages of 4 KiB with a descriptor of 72 bytes, filled with objects of 88 + payload rounded up to 8. */
export function costOnV1(payload: number): number {
  const object = Math.ceil((88 + payload) / 8) * 8;
  if (object > 4096) return Math.ceil(object / 4096) * 4096 + 72;
  return (4096 + 72) / Math.floor(4096 / object);
}

/** V2: a header of 8 bytes and the payload, in a slot of 8, 16 ... 256 bytes; or with 16 bytes before it, in the arena, rounded up to 16. */
export function costOnV2(payload: number): number {
  return payload <= 248 ? Math.ceil((8 + payload) / 8) * 8 : Math.ceil((16 + payload) / 16) * 16;
}

/** Allocates `count` objects of a payload and divides what that took. */
export function measureCost(allocator: "v1" | "v2", payload: number, count: number): MeasuredCost {
  const memory = new LinearMemory({ initialPages: Math.ceil((count * (payload + 256)) / PAGE_BYTES) + 64 });
  // Nothing is rooted, so nothing may be collected.
  const set = createAllocator(allocator, memory, new Regions(memory), { v1: { threshold: 2 ** 31 } });
  const before = set.allocator.stats().footprint;
  for (let i = 0; i < count; i++) set.allocator.alloc(payload, RAW);
  const footprint = (set.allocator.stats().footprint - before) / count;
  let pages = 0;
  // 1 is the memory itself.
  for (let page = 0; page < memory.pageCount; page++) if (memory.ownerOf(page * PAGE_BYTES) > 1) pages++;
  set.allocator.destroy();
  return { footprint, pages: (pages * PAGE_BYTES) / count };
}

/** The costs of some payloads. @param count objects of each to measure with */
export function objectCosts(payloads: readonly number[], count: number): ObjectCost[] {
  return payloads.map((payload) => {
    const v2 = measureCost("v2", payload, count);
    return {
      payload,
      v1: costOnV1(payload),
      v2: costOnV2(payload),
      measuredV1: measureCost("v1", payload, count).footprint,
      measuredV2: v2.footprint,
      pagesV2: v2.pages,
    };
  });
}

/** The costs as a table of text. */
export function formatCosts(costs: readonly ObjectCost[]): string {
  const table = new Table({
    head: ["payload", "V1", "measured", "V2", "measured", "with tables", "V2 / V1"],
    colAligns: ["right", "right", "right", "right", "right", "right", "right"],
    style: { head: [], border: [], compact: true },
  });
  for (const { payload, v1, v2, measuredV1, measuredV2, pagesV2 } of costs) {
    const ratio = (measuredV2 / measuredV1).toFixed(2);
    const bytes = [v1, measuredV1, v2, pagesV2, measuredV2].map((cost) => cost.toFixed(1));
    table.push([payload, ...bytes, ratio]);
  }
  return table.toString();
}
