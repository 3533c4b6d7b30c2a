import type { ChartConfiguration } from "chart.js";
import type { SizeChart, SizeLine } from "../../../milestone/charts.js";
import { contenderColour, contenderPoint } from "./contender-style.js";
import { colour, fontSize } from "./theme.js";

/** Told apart by their strokes and points too: a line of one point is a projection of the original's. */
const styleOf = ({ side, broken, points }: SizeLine) => {
  const stroke = contenderColour(side);
  const single = points.length === 1;
  return {
    borderColor: stroke,
    backgroundColor: single ? colour("panel") : stroke,
    borderWidth: 2,
    borderDash: broken ? [6, 4] : [],
    pointStyle: single ? "rectRot" : contenderPoint(side),
    pointRadius: single ? 7 : 4,
  };
};

const axis = (text: string) => ({
  type: "logarithmic" as const,
  title: { display: true, text, color: colour("soft") },
  ticks: { color: colour("soft") },
  grid: { color: colour("line") },
});

/** A figure of the front ends over the lines of their source. */
export const sizeChart = ({ unit, lines }: SizeChart): ChartConfiguration<"line", { x: number; y: number }[]> => ({
  type: "line",
  data: { datasets: lines.map((line) => ({ label: line.label, data: [...line.points], ...styleOf(line) })) },
  options: {
    animation: false,
    maintainAspectRatio: false,
    parsing: false,
    plugins: {
      legend: { labels: { color: colour("text"), usePointStyle: true, font: { size: fontSize() } } },
      tooltip: {
        callbacks: {
          title: ([item]) => `${item?.parsed.x?.toLocaleString("en-US")} lines`,
          label: ({ dataset, parsed }) => `${dataset.label}: ${parsed.y?.toFixed(2)} ${unit}`,
        },
      },
    },
    scales: { x: axis("lines of source"), y: axis(unit) },
  },
});
