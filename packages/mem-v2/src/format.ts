import type { ContextStats } from "./counters.ts";

/** Types shown by name; the rest is summed. */
const TOP_TYPES = 10;

/** A context's statistics as text. */
export function formatStats(stats: ContextStats, nameOf: (typeId: number) => string | undefined): string {
  const bytes = (count: number): string => `${count.toLocaleString("en-US")} B`;
  const share = (part: number): string =>
    `${bytes(part)} (${stats.currentLive === 0 ? "0.0" : ((100 * part) / stats.currentLive).toFixed(1)} %)`;
  const types = Object.entries(stats.bytesByType)
    .map(([id, { live, ever }]) => ({ id: Number(id), live, ever }))
    .sort((a, b) => b.live - a.live || b.ever - a.ever);
  const lines = [
    `Memory context, mode ${stats.mode}`,
    "",
    `  allocated    ${bytes(stats.totalAllocated)} in ${stats.objectCount.toLocaleString("en-US")} objects`,
    `  freed        ${bytes(stats.totalFreed)}`,
    `  live         ${bytes(stats.currentLive)} in ${stats.liveObjects.toLocaleString("en-US")} objects`,
    `  peak live    ${bytes(stats.peakLive)}`,
    `  footprint    ${bytes(stats.footprint)}, at most ${bytes(stats.peakFootprint)}`,
    "",
    "Live bytes by allocator",
    "",
    `  pool         ${share(stats.poolBytes)}`,
    `  arena        ${share(stats.arenaBytes)}`,
    `  heap         ${share(stats.heapBytes)}`,
  ];
  if (types.length > 0) lines.push("", "Types by live bytes", "");
  for (const { id, live, ever } of types.slice(0, TOP_TYPES)) {
    const counts = stats.objectCountByType[id] ?? { live: 0, ever: 0 };
    const name = (nameOf(id) ?? `type ${id}`).padEnd(12);
    lines.push(`  ${name} ${bytes(live)} in ${counts.live} objects; ever ${bytes(ever)} in ${counts.ever}`);
  }
  if (types.length > TOP_TYPES) lines.push(`  and ${types.length - TOP_TYPES} types more`);
  return `${lines.join("\n")}\n`;
}
