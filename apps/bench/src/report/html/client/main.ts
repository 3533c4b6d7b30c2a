import type { Chart as ChartClass, ChartConfiguration, ChartType } from "chart.js";
import type { PageData } from "../page.js";
import { barChart } from "./bar-chart.js";
import { leadChart } from "./lead-chart.js";
import { pauseChart } from "./pause-chart.js";
import { sizeChart } from "./size-chart.js";
import { DARK, FONT, NARROW } from "./theme.js";
import { timelineChart } from "./timeline-chart.js";
import { timesChart } from "./times-chart.js";

// Runs in the report's page, after the charting library, which leaves `Chart` as a global. tsup.client.config.ts makes
// one file of this folder, which the page carries along.

declare const Chart: typeof ChartClass;

const ROW_PX = 24;
const LINE_PX = 13;
const AXIS_PX = 62;
const TIMELINE_PX = 280;
const SIZES_PX = 360;
const PAUSES_PX = 240;

const data = JSON.parse(document.getElementById("data")?.textContent ?? "") as PageData;
const drawn: { destroy(): void }[] = [];

const draw = <T extends ChartType, D>(id: string, config: ChartConfiguration<T, D>, height: number): void => {
  const canvas = document.getElementById(id);
  if (!(canvas instanceof HTMLCanvasElement) || canvas.parentElement === null) return;
  canvas.parentElement.style.height = `${height}px`;
  drawn.push(new Chart(canvas, config));
};

/** A row for each label. */
const drawRows = <T extends ChartType, D>(id: string, config: ChartConfiguration<T, D>): void => {
  const { labels = [] } = config.data;
  const lines = Math.max(...labels.map((label) => (Array.isArray(label) ? label.length : 1)));
  draw(id, config, labels.length * Math.max(ROW_PX, lines * LINE_PX + 8) + AXIS_PX);
};

const drawAll = (): void => {
  for (const chart of drawn.splice(0)) chart.destroy();
  Chart.defaults.font.family = FONT;
  if (data.lead.length > 0) drawRows("lead", leadChart(data.lead));
  for (const chart of data.charts) drawRows(chart.id, barChart(chart));
  for (const chart of data.timelines) draw(chart.id, timelineChart(chart), TIMELINE_PX);
  for (const chart of data.sizes) draw(chart.id, sizeChart(chart), SIZES_PX);
  for (const chart of data.times) drawRows(chart.id, timesChart(chart));
  for (const chart of data.pauses) draw(chart.id, pauseChart(chart), PAUSES_PX);
};

drawAll();
for (const query of [DARK, NARROW]) window.matchMedia(query).addEventListener("change", drawAll);
