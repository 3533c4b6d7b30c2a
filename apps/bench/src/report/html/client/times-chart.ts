import type { ChartConfiguration } from "chart.js";
import type { TimesChart } from "../../../milestone/charts.js";
import { contenderColour, contenderPoint } from "./contender-style.js";
import { colour, fontSize, wrapped } from "./theme.js";

const LABEL_LENGTH = 22;

/** Whole times beside those on plain objects: a point for each allocator in each program. */
export const timesChart = ({ programs, series }: TimesChart): ChartConfiguration<"line", (number | null)[]> => ({
  type: "line",
  data: {
    labels: programs.map((program) => wrapped(program, LABEL_LENGTH)),
    datasets: series.map(({ side, label, values }) => ({
      label,
      data: [...values],
      showLine: false,
      pointStyle: contenderPoint(side),
      pointRadius: 5,
      borderColor: contenderColour(side),
      backgroundColor: contenderColour(side),
    })),
  },
  options: {
    indexAxis: "y",
    animation: false,
    maintainAspectRatio: false,
    plugins: {
      legend: { labels: { color: colour("text"), usePointStyle: true, font: { size: fontSize() } } },
      tooltip: { callbacks: { label: ({ dataset, parsed }) => `${dataset.label}: ${parsed.x?.toFixed(2)} times` } },
    },
    scales: {
      x: {
        type: "logarithmic",
        suggestedMin: 1,
        title: { display: true, text: "times the time on plain objects", color: colour("soft") },
        ticks: { color: colour("soft") },
        grid: { color: colour("line") },
      },
      y: {
        type: "category",
        offset: true,
        ticks: { color: colour("text"), autoSkip: false, font: { size: fontSize() } },
        grid: { display: false },
      },
    },
  },
});
