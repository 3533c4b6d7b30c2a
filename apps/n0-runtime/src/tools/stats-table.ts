import Table from "cli-table3";
import type { AllocatorStats, CollectionTimes } from "../allocator.ts";

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
  if (all.some(({ collections }) => collections.generations !== undefined)) {
    const kinds = { minor: "minor", major: "major, in slices", evacuation: "evacuations" } as const;
    for (const kind of ["minor", "major", "evacuation"] as const) {
      row(kinds[kind], (stats) => times(stats.collections.generations?.[kind]));
    }
    row("bytes that survived", (stats) => optional(stats.collections.generations?.survivedBytes));
    row("bytes that became old", (stats) => optional(stats.collections.generations?.promotedBytes));
    row("survival, the last time", (stats) => percent(stats.collections.generations?.survival));
  }
  row("free list steps", (stats) => optional(stats.freeListSteps));
  return [table.toString(), ...all.flatMap(pauses), ...all.map(byType)].join("\n");
}

const optional = (value: number | undefined): string => (value === undefined ? "" : number(value));
const percent = (part: number | undefined): string => (part === undefined ? "" : `${(part * 100).toFixed(1)} %`);

/** How often; in all, and at most at a time. */
const times = (kind: CollectionTimes | undefined): string =>
  kind === undefined ? "" : `${number(kind.count)}: ${kind.totalMs.toFixed(2)} ms, longest ${kind.maxMs.toFixed(2)}`;

/** Pauses by length, where there were any. */
function pauses({ allocator, collections }: AllocatorStats): string[] {
  const lengths = collections.pauses ?? [];
  if (lengths.every((count) => count === 0)) return [];
  const table = new Table({
    head: [`pauses (${allocator})`, "count"],
    colAligns: ["left", "right"],
    style: { head: [], border: [] },
  });
  const last = lengths.length - 1;
  lengths.forEach((count, i) => {
    const limit = `${number(2 ** (i === last ? i - 1 : i) / 1000)} ms`;
    if (count > 0) table.push([i === last ? `from ${limit}` : `below ${limit}`, number(count)]);
  });
  return [table.toString()];
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
