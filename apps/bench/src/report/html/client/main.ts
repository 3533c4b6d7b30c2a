import type { Chart as ChartClass, ChartConfiguration, ChartType } from "chart.js";
import type { PageData } from "../page.js";
import { barChart } from "./bar-chart.js";
import { leadChart } from "./lead-chart.js";
import { DARK, FONT, NARROW } from "./theme.js";

// Runs in the report's page, after the charting library, which leaves `Chart` as a global. tsup.client.config.ts makes
// one file of this folder, which the page carries along.

declare const Chart: typeof ChartClass;

const ROW_PX = 24;
const LINE_PX = 13;
const AXIS_PX = 62;

const data = JSON.parse(document.getElementById("data")?.textContent ?? "") as PageData;
const drawn: { destroy(): void }[] = [];

const draw = <T extends ChartType, D>(id: string, config: ChartConfiguration<T, D>): void => {
  const canvas = document.getElementById(id);
  if (!(canvas instanceof HTMLCanvasElement) || canvas.parentElement === null) return;
  const { labels = [] } = config.data;
  const lines = Math.max(...labels.map((label) => (Array.isArray(label) ? label.length : 1)));
  canvas.parentElement.style.height = `${labels.length * Math.max(ROW_PX, lines * LINE_PX + 8) + AXIS_PX}px`;
  drawn.push(new Chart(canvas, config));
};

const drawAll = (): void => {
  for (const chart of drawn.splice(0)) chart.destroy();
  Chart.defaults.font.family = FONT;
  if (data.lead.length > 0) draw("lead", leadChart(data.lead));
  for (const chart of data.charts) draw(chart.id, barChart(chart));
};

drawAll();
for (const query of [DARK, NARROW]) window.matchMedia(query).addEventListener("change", drawAll);
