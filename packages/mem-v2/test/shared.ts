import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { LinearMemory } from "@morph/memory";
import { build } from "esbuild";
import { expect } from "vitest";
import { type ContextConfig, SharedContext } from "../src/index.ts";
import { type Job, MAILBOX } from "./shared-job.ts";

interface Report {
  allocated: number;
  freed: number;
  fromOthers: number;
}

/** Runs so many real workers on one context, and checks that nothing was given twice and that every count is exact. */
export async function shareAContext(workers: number, operations: number, config: ContextConfig): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "shared-"));
  try {
    const file = join(folder, "worker.mjs");
    const entryPoints = [new URL("./shared-worker.ts", import.meta.url).pathname];
    const conditions = ["@morph/source"];
    await build({ entryPoints, outfile: file, bundle: true, format: "esm", platform: "node", conditions });

    const memory = new LinearMemory({ initialPages: 2, maxPages: 16_384, shared: true });
    const context = new SharedContext({ ...config, memory });
    const shared = {
      handle: context.handle(),
      workers,
      operations,
      owners: new SharedArrayBuffer((memory.maxPages * 65_536) / 16),
      mailboxes: new SharedArrayBuffer(workers * MAILBOX * 4),
    };
    const reports = await Promise.all(Array.from({ length: workers }, (_, i) => run(file, { ...shared, id: i + 1 })));

    const sum = (of: (report: Report) => number): number => reports.reduce((total, report) => total + of(report), 0);
    const letters = [...new Int32Array(shared.mailboxes)]
      .filter((pointer) => pointer !== 0)
      .map((pointer) => pointer >>> 0);
    expect(sum(({ fromOthers }) => fromOthers)).toBeGreaterThan(operations / 100);
    const stats = context.stats();
    expect(stats.objectCount).toBe(sum(({ allocated }) => allocated));
    expect(stats.liveObjects).toBe(letters.length);
    expect(stats.liveObjects).toBe(sum(({ allocated }) => allocated) - sum(({ freed }) => freed));
    reports.forEach(({ allocated }, i) => {
      expect(stats.objectCountByType[i + 1]!.ever).toBe(allocated);
    });
    context.verify();
    for (const pointer of letters) context.free(pointer);
    expect(context.stats()).toMatchObject({ liveObjects: 0, currentLive: 0 });
    context.verify();
    context.destroy();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function run(file: string, workerData: Job): Promise<Report> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(file, { workerData });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}
