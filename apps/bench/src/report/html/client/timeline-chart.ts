import type { ChartConfiguration } from "chart.js";
import type { Line, Timeline } from "../timelines.js";
import { colour, fontSize, narrow } from "./theme.js";

interface Point {
  readonly x: number;
  readonly y: number;
}

const MOST_PERCENT = 100;

const pointsOf = ({ mebibytes }: Line): Point[] =>
  mebibytes.map((y, i) => ({ x: ((i + 1) / mebibytes.length) * MOST_PERCENT, y }));

/** Told apart by their strokes too: live bytes are an area, ours is a whole line, native malloc's a broken one. */
const styleOf = ({ side }: Line) =>
  side === "live"
    ? { borderColor: colour("soft"), backgroundColor: colour("line"), borderWidth: 1, fill: true }
    : { borderColor: colour(side), borderWidth: 2, borderDash: side === "ours" ? [] : [6, 4], fill: false };

/** Live bytes and footprints over the operations of a trace. */
export const timelineChart = ({ lines }: Timeline): ChartConfiguration<"line", Point[]> => ({
  type: "line",
  data: {
    datasets: lines.map((line) => ({
      label: line.label,
      data: pointsOf(line),
      pointRadius: 0,
      pointHitRadius: 6,
      ...styleOf(line),
    })),
  },
  options: {
    animation: false,
    maintainAspectRatio: false,
    parsing: false,
    interaction: { mode: "index", intersect: false },
    plugins: {
      legend: { labels: { color: colour("text"), boxHeight: 1, boxWidth: 28, font: { size: fontSize() } } },
      tooltip: {
        callbacks: {
          title: ([item]) => `after ${item?.parsed.x?.toFixed(1)} % of the operations`,
          label: ({ dataset, parsed }) => `${dataset.label}: ${parsed.y?.toFixed(2)} MiB`,
        },
      },
    },
    scales: {
      x: {
        type: "linear",
        min: 0,
        max: MOST_PERCENT,
        title: { display: true, text: "% of the trace's operations", color: colour("soft") },
        ticks: { color: colour("soft"), maxTicksLimit: narrow() ? 5 : 11 },
        grid: { color: colour("line") },
      },
      y: {
        min: 0,
        title: { display: true, text: "MiB", color: colour("soft") },
        ticks: { color: colour("soft") },
        grid: { color: colour("line") },
      },
    },
  },
});
