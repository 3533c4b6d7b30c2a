import Table from "cli-table3";
import type { AllocatorStats } from "../allocator.ts";

const number = (value: number): string => value.toLocaleString("en-US");

/** Statistics as tables of text, one allocator beside the other when there are two. */
export function formatStats(...all: AllocatorStats[]): string {
  const table = new Table({ head: ["", ...all.map((stats) => stats.allocator)], style: { head: [], border: [] } });
  const row = (label: string, value: (stats: AllocatorStats) => string): void => {
    table.push([label, ...all.map((stats) => ({ content: value(stats), hAlign: "right" as const }))]);
  };
  row("allocations", (stats) => number(stats.allocations));
  row("payload bytes", (stats) => number(stats.payload));
  row("live objects", (stats) => number(stats.liveObjects));
  row("live payload bytes", (stats) => number(stats.livePayload));
  row("footprint bytes", (stats) => number(stats.footprint));
  row("peak footprint bytes", (stats) => number(stats.peakFootprint));
  row("collections", (stats) => number(stats.collections.count));
  row("objects freed by them", (stats) => number(stats.collections.freedObjects));
  row("pauses in all, ms", (stats) => stats.collections.totalMs.toFixed(2));
  row("longest pause, ms", (stats) => stats.collections.maxMs.toFixed(2));
  row("free list steps", (stats) => (stats.freeListSteps === undefined ? "" : number(stats.freeListSteps)));
  return [table.toString(), ...all.map(byType)].join("\n");
}

function byType(stats: AllocatorStats): string {
  const table = new Table({
    head: [`type (${stats.allocator})`, "allocations", "payload bytes", "live objects", "live bytes"],
    colAligns: ["left", "right", "right", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { name, allocations, payload, liveObjects, livePayload } of stats.byType) {
    table.push([name, number(allocations), number(payload), number(liveObjects), number(livePayload)]);
  }
  return table.toString();
}
