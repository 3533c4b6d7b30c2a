import { describe, expect, test } from "vitest";
import { QUICK } from "../src/catalogue/settings.js";
import { floorsOf, judge } from "../src/floors.js";
import { embeddedJson, embeddedScript, escapeHtml } from "../src/markup.js";
import { barCharts } from "../src/report/html/bars.js";
import { leadRows } from "../src/report/html/lead.js";
import { reportPage } from "../src/report/html/page.js";
import { chartLibrary } from "../src/report/html/report.js";
import { timelines } from "../src/report/html/timelines.js";
import { type Results, resultsOf } from "../src/report/results.js";
import type { Entry } from "../src/run/entry.js";
import { SAMPLES } from "../src/trace.js";
import { entry } from "./entries.js";

const resultsFor = (entries: readonly Entry[]): Results =>
  resultsOf(
    QUICK,
    { preloads: {} },
    entries,
    floorsOf([]).map((floor) => judge(floor, entries)),
  );

const lead = (...entries: Entry[]) => leadRows(resultsFor(entries));

const sample: Entry[] = [
  entry("pool-constant", "batch64", 10),
  entry("pool-constant-grown", "batch64", 50),
  entry("pool-parameter", "batch64", 16),
  entry("native", "batch64", 20, { ready: { libc: "glibc 2.36" } }),
  entry("mimalloc", "batch64", 8),
  entry("jemalloc", "batch64", 0, { status: "missing", note: "jemalloc: <not found>", rounds: [] }),
  entry("tlsf", "batch64", 40),
  entry("objects", "batch64", 25),
  entry("context-parameter", "cc1", 30, { ready: { footprint: 4e6, peakLive: 2e6 } }),
  entry("native", "cc1", 30, { ready: { footprint: 1e6, peakLive: 1e6 } }),
  entry("context-parameter", "chess", 0, { ready: { reused: 1 } }),
];

describe("the leading chart", () => {
  test("shows ours, the best peer and the best other native one", () => {
    const [row] = lead(...sample);
    expect(row).toMatchObject({ scenario: "batch64", of: "time", against: "native malloc", standing: "ahead" });
    expect(row!.ours.map(({ ratio }) => ratio)).toEqual([2, 1.25]);
    expect(row!.peer).toEqual({ label: "plain objects of 8 fields", ratio: 0.8 });
    expect(row!.native).toEqual({ label: "native mimalloc", ratio: 2.5 });
  });

  test("one of ours behind is enough to say that it depends", () => {
    const entries = [
      entry("native", "batch64", 20),
      entry("pool-constant", "batch64", 10),
      entry("manager-parameter", "batch64", 30),
    ];
    expect(lead(...entries)[0]!.standing).toBe("depends");
    expect(lead(entries[0]!, entries[2]!)[0]!.standing).toBe("behind");
  });

  test("an interval that holds 1 is neither ahead nor behind", () => {
    const wide = entry("pool-constant", "batch64", 0, { rounds: [[10, 30, 10, 30, 10]] });
    const base = entry("native", "batch64", 0, { rounds: [[20, 20, 20, 20, 20]] });
    expect(lead(wide, base)[0]!.standing).toBe("depends");
  });

  test("memory has a row of its own, behind where more is taken", () => {
    const memory = lead(...sample).find(({ of }) => of === "memory");
    expect(memory).toMatchObject({ scenario: "cc1", standing: "behind", ours: [{ ratio: 0.25 }] });
  });

  test("objects with a type are set against the context in C, whose malloc is one more native one", () => {
    const [row] = lead(
      entry("context-constant", "context48", 20),
      entry("context-alone", "context48", 10),
      entry("native-context", "context48", 30),
      entry("native", "context48", 15),
    );
    expect(row).toMatchObject({ against: "the C context", ours: [{ ratio: 1.5 }], native: { ratio: 2 } });
    expect(row!.ours).toHaveLength(1);
  });

  test("without a baseline there is no row", () => {
    expect(lead(entry("pool-constant", "batch64", 10))).toEqual([]);
  });
});

describe("a scenario's bars", () => {
  test("are cut where they take four times the baseline's time, but never ours", () => {
    const charts = barCharts(resultsFor([...sample, entry("uint8array", "batch64", 4_000)]));
    const end = charts.find(({ id }) => id === "time-batch64")!.end;
    expect(end).toBeGreaterThan(80);
    expect(end).toBeLessThan(100);
    const slow = barCharts(resultsFor([entry("native", "batch64", 1), entry("pool-constant", "batch64", 90)]));
    expect(slow[0]!.end).toBeGreaterThan(90);
  });

  test("leave out what was not measured", () => {
    const [chart] = barCharts(resultsFor(sample));
    expect(chart!.bars.map(({ label }) => label)).not.toContain("native jemalloc");
  });
});

describe("the page", () => {
  const page = reportPage(resultsFor(sample), { library: chartLibrary(), client: "drawAll();" });

  test("loads nothing: no address in its markup or style, nothing in its scripts that fetches", () => {
    const scripts = /<script[^>]*>[\s\S]*?<\/script>/g;
    const markup = page.replace(scripts, "");
    expect(/https?:|\/\/|url\(|@import|<(?:link|img|iframe|object|embed)\b/i.exec(markup)?.[0]).toBeUndefined();
    for (const [script] of page.matchAll(scripts)) {
      expect(
        /^<script[^>]*\ssrc|sourceMappingURL|\bfetch\(|\bimport\s*\(|XMLHttpRequest/.exec(script)?.[0],
      ).toBeUndefined();
    }
    expect(markup.includes("default-src 'none'")).toBe(true);
  });

  test("has each contender in a table, and says why one is missing", () => {
    for (const { contender } of sample) expect(page.includes(escapeHtml(contender.label)), contender.id).toBe(true);
    expect(page.includes("jemalloc: &#60;not found&#62;")).toBe(true);
  });

  test("has claims, floors and the machine, and says that a quick run is one", () => {
    for (const text of ["1,111", "third benchmark, arena", "at most 0.70", process.versions.node, "A quick run"]) {
      expect(page.includes(text), text).toBe(true);
    }
  });

  test("carries data that its script can read", () => {
    const json = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page)![1]!;
    const data = JSON.parse(json) as { lead: unknown[]; charts: unknown[] };
    expect(data.lead.length).toBe(3);
    expect(data.charts.length).toBe(3);
  });

  test("says what is not in the leading chart", () => {
    const failed = entry("context-locked", "locked1", 0, { status: "failed", note: "a worker hangs", rounds: [] });
    const text = reportPage(resultsFor([failed]), { library: "", client: "" });
    expect(text).toContain("morph MemoryContext on shared memory, locked in locked1: failed (a worker hangs)");
    expect(text).toContain("no ratio in locked1");
    expect(page.includes("Not in the chart")).toBe(false);
  });

  test("is made of an empty run, too", () => {
    expect(reportPage(resultsFor([]), { library: "", client: "" })).toContain("ahead in 0 of 0");
  });
});

describe("memory over a trace", () => {
  const footprints = Array.from({ length: SAMPLES }, (_, i) => (i + 1) * 2 ** 20);
  const heap = entry("heap-parameter", "cc1", 20, { ready: { footprint: 2 ** 28, footprints } });

  test("is drawn for the heap and native malloc, above the live bytes", () => {
    const others = [
      entry("native", "cc1", 20, { ready: { footprints } }),
      entry("tlsf", "cc1", 20, { ready: { footprints } }),
    ];
    const [chart, ...rest] = timelines(resultsFor([heap, ...others]));
    expect(rest).toEqual([]);
    expect(chart!.id).toBe("timeline-cc1");
    expect(chart!.lines.map(({ side, label }) => `${side}, ${label}`)).toEqual([
      "ours, footprint: morph Heap, passed as a parameter",
      "native, footprint: native malloc",
      "live, live bytes",
    ]);
    expect(chart!.lines[0]!.mebibytes).toEqual(footprints.map((bytes) => bytes / 2 ** 20));
    expect(chart!.lines[2]!.mebibytes).toHaveLength(SAMPLES);
  });

  test("has a canvas only where there is something to draw", () => {
    const html = (one: Entry) => reportPage(resultsFor([one]), { library: "", client: "" });
    expect(html(heap)).toContain('<canvas id="timeline-cc1"');
    expect(html({ ...heap, status: "failed" })).not.toContain('<canvas id="timeline-cc1"');
    expect(html({ ...heap, ready: {} })).not.toContain('<canvas id="timeline-cc1"');
  });
});

test("text, data and code cannot end the element they are in", () => {
  expect(escapeHtml(`<b title="a">&'`)).toBe("&#60;b title=&#34;a&#34;&#62;&#38;&#39;");
  expect(embeddedJson({ a: "</script>" })).toBe('{"a":"\\u003c/script>"}');
  expect(embeddedScript('x = "</script>";\n//# sourceMappingURL=x.js.map')).toBe('x = "<\\/script>";\n');
});
