import type { ChartConfiguration } from "chart.js";
import type { PauseChart } from "../../../milestone/charts.js";
import { contenderColour } from "./contender-style.js";
import { colour, fontSize } from "./theme.js";

/** How many pauses were how long. */
export const pauseChart = ({ classes, series }: PauseChart): ChartConfiguration<"bar", number[], string> => ({
  type: "bar",
  data: {
    labels: [...classes],
    datasets: series.map(({ side, label, counts }) => ({
      label,
      data: [...counts],
      backgroundColor: contenderColour(side),
    })),
  },
  options: {
    animation: false,
    maintainAspectRatio: false,
    plugins: {
      legend: { labels: { color: colour("text"), boxHeight: 8, boxWidth: 16, font: { size: fontSize() } } },
      tooltip: { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${raw} pauses` } },
    },
    scales: {
      x: {
        title: { display: true, text: "length of the pause", color: colour("soft") },
        ticks: { color: colour("soft") },
        grid: { display: false },
      },
      y: {
        type: "logarithmic",
        // A bar from 1 to 1 would not be seen.
        min: 0.5,
        title: { display: true, text: "pauses", color: colour("soft") },
        ticks: {
          color: colour("soft"),
          callback: (value) => (Number.isInteger(Math.log10(Number(value))) ? value : ""),
        },
        grid: { color: colour("line") },
      },
    },
  },
});
