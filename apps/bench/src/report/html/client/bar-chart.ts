import type { ChartConfiguration, Plugin } from "chart.js";
import type { BarChart } from "../bars.js";
import { colour, FONT, fontSize, narrow, wrapped } from "./theme.js";

const LABEL_LENGTH = 22;
const CUT = "\u00bb ";

const weight = (side: string | undefined): number => (side === "ours" ? 600 : 400);

/** Whiskers over the bars, and the figure beside each. */
const whiskers = ({ bars, end }: BarChart): Plugin<"bar"> => ({
  id: "whiskers",
  afterDatasetsDraw: ({ ctx, chartArea, scales }) => {
    const { x, y } = scales;
    if (x === undefined || y === undefined) return;
    ctx.save();
    ctx.textBaseline = "middle";
    ctx.strokeStyle = ctx.fillStyle = colour("text");
    ctx.lineWidth = 1.25;
    bars.forEach(({ value, low, high, side, text }, index) => {
      const at = y.getPixelForValue(index);
      const cut = value > end;
      if (low !== undefined && high !== undefined && !cut) {
        const [from, to] = [x.getPixelForValue(low), Math.min(x.getPixelForValue(high), chartArea.right)];
        ctx.beginPath();
        ctx.moveTo(from, at);
        ctx.lineTo(to, at);
        for (const edge of [from, to]) {
          ctx.moveTo(edge, at - 4);
          ctx.lineTo(edge, at + 4);
        }
        ctx.stroke();
      }
      ctx.font = `${weight(side)} ${fontSize()}px ${FONT}`;
      ctx.fillText(`${cut ? CUT : ""}${text}`, chartArea.right + 6, at);
    });
    ctx.restore();
  },
});

/** A scenario's contenders, one bar each. */
export const barChart = (chart: BarChart): ChartConfiguration<"bar", number[]> => {
  const { bars, end, unit } = chart;
  const longest = Math.max(...bars.map(({ text, value }) => text.length + (value > end ? CUT.length : 0)));
  return {
    type: "bar",
    data: {
      labels: bars.map(({ label }) => wrapped(label, LABEL_LENGTH)),
      datasets: [
        {
          data: bars.map(({ value }) => Math.min(value, end)),
          backgroundColor: bars.map(({ side }) => colour(side)),
          barPercentage: 0.7,
          categoryPercentage: 1,
        },
      ],
    },
    options: {
      indexAxis: "y",
      animation: false,
      maintainAspectRatio: false,
      layout: { padding: { right: longest * (narrow() ? 6 : 7.5) + 8 } },
      plugins: {
        legend: { display: false },
        tooltip: { callbacks: { label: ({ dataIndex }) => bars[dataIndex]?.text ?? "" } },
      },
      scales: {
        x: {
          min: 0,
          max: end,
          title: { display: true, text: unit, color: colour("soft") },
          ticks: { color: colour("soft"), maxTicksLimit: narrow() ? 4 : 8, maxRotation: 0, includeBounds: false },
          grid: { color: colour("line") },
        },
        y: {
          ticks: {
            color: colour("text"),
            autoSkip: false,
            font: ({ index }) => ({ size: fontSize(), weight: weight(bars[index]?.side) }),
          },
          grid: { display: false },
        },
      },
    },
    plugins: [whiskers(chart)],
  };
};
