import type { ChartConfiguration, Plugin } from "chart.js";
import type { LeadRow, Mark } from "../lead.js";
import { colour, FONT, fontSize, narrow, striped, wrapped } from "./theme.js";

/** The part of Chart.js's context that says which point it is about. */
interface AboutPoint {
  readonly dataIndex: number;
}

interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: string;
  readonly ratio: number;
}

const FURTHEST = 32;
const SIGNS = { ahead: "\u25b2", depends: "\u25c6", behind: "\u25bc" } as const;
const LABEL_LENGTH = 19;

const ratioText = (ratio: number): string => ratio.toFixed(ratio < 0.01 ? 3 : ratio < 10 ? 2 : 1);

const rangeText = (marks: readonly Mark[]): string => {
  const ratios = marks.map(({ ratio }) => ratio);
  const [low, high] = [ratioText(Math.min(...ratios)), ratioText(Math.max(...ratios))];
  return low === high ? `${low}x` : `${low}\u2013${high}x`;
};

const nameOf = ({ name, of, against }: LeadRow): string =>
  `${name}${of === "memory" ? ", memory" : ""}${against === "native malloc" ? "" : " \u00a7"}`;

/** The line at 1, and each row's figures in a column at the right. */
const annotations = (rows: readonly LeadRow[]): Plugin => ({
  id: "annotations",
  beforeDatasetsDraw: ({ ctx, chartArea, scales }) => {
    const one = scales.x?.getPixelForValue(1) ?? 0;
    ctx.save();
    ctx.strokeStyle = colour("text");
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.moveTo(one, chartArea.top - 6);
    ctx.lineTo(one, chartArea.bottom);
    ctx.stroke();
    ctx.restore();
  },
  afterDatasetsDraw: ({ ctx, chartArea, scales }) => {
    const { x, y } = scales;
    if (x === undefined || y === undefined) return;
    const one = x.getPixelForValue(1);
    ctx.save();
    ctx.font = `600 12px ${FONT}`;
    ctx.textBaseline = "middle";
    ctx.fillStyle = colour("behind");
    ctx.textAlign = "right";
    ctx.fillText(`${SIGNS.behind} behind`, one - 8, chartArea.top - 12);
    ctx.textAlign = "left";
    ctx.fillStyle = colour("ahead");
    ctx.fillText(`ahead ${SIGNS.ahead}`, one + 8, chartArea.top - 12);
    ctx.font = `600 ${fontSize()}px ${FONT}`;
    rows.forEach((row, index) => {
      ctx.fillStyle = colour(row.standing === "depends" ? "text" : row.standing);
      ctx.fillText(`${SIGNS[row.standing]} ${rangeText(row.ours)}`, chartArea.right + 6, y.getPixelForValue(index));
    });
    ctx.restore();
  },
});

/** Powers of two, or of four where there is little room. */
const ticksBetween = (low: number, high: number): { value: number }[] =>
  [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5]
    .filter((power) => !narrow() || power % 2 === 0)
    .map((power) => ({ value: 2 ** power }))
    .filter(({ value }) => value >= low && value <= high);

const tickText = (value: number): string => (value < 1 ? `1/${Math.round(1 / value)}` : `${value}`);

/** Every scenario in a row: a bar from 1 to the furthest of ours, and a mark for each. */
export const leadChart = (
  rows: readonly LeadRow[],
): ChartConfiguration<"bar" | "scatter", Point[] | [number, number][]> => {
  const marks = (pick: (row: LeadRow) => readonly (Mark | undefined)[]): Point[] =>
    rows.flatMap((row, y) =>
      pick(row)
        .filter((mark) => mark !== undefined)
        .map(({ ratio, label }) => ({ x: ratio, y, label, ratio })),
    );
  const series = [marks(({ ours }) => ours), marks(({ peer }) => [peer]), marks(({ native }) => [native])] as const;
  const ratios = series.flat().map(({ ratio }) => ratio);
  const low = Math.max(1 / FURTHEST, Math.min(0.5, ...ratios) * 0.85);
  const high = Math.min(FURTHEST, Math.max(4, ...ratios) * 1.15);
  // What lies beyond the axis is shown at its end; the text beside it has the figure.
  const [ours, peers, natives] = series.map((points) =>
    points.map((point) => ({ ...point, x: Math.min(high, Math.max(low, point.x)) })),
  ) as [Point[], Point[], Point[]];
  const ratiosOf = (row: LeadRow): number[] => row.ours.map(({ ratio }) => ratio);
  const [ahead, behind, soft, text, panel] = ["ahead", "behind", "soft", "text", "panel"].map(colour) as [
    string,
    string,
    string,
    string,
    string,
  ];
  const isAhead = ({ dataIndex }: AboutPoint): boolean => (ours[dataIndex]?.ratio ?? 1) >= 1;
  // Not parsed: a category is given by its index.
  const dots = { type: "scatter", parsing: false, clip: 8, borderWidth: 1.5, radius: narrow() ? 4 : 5 } as const;
  const bars = { type: "bar", grouped: false, barPercentage: 0.45, categoryPercentage: 1, borderWidth: 1 } as const;
  return {
    type: "bar",
    data: {
      labels: rows.map((row) => wrapped(nameOf(row), LABEL_LENGTH)),
      datasets: [
        {
          ...dots,
          data: ours,
          pointStyle: "triangle",
          pointRotation: (context: AboutPoint) => (isAhead(context) ? 0 : 180),
          backgroundColor: panel,
          borderColor: (context: AboutPoint) => (isAhead(context) ? ahead : behind),
        },
        { ...dots, data: peers, pointStyle: "rectRot", backgroundColor: panel, borderColor: text },
        { ...dots, data: natives, pointStyle: "rect", backgroundColor: panel, borderColor: text },
        {
          ...bars,
          data: rows.map((row): [number, number] => [1, Math.max(1, ...ratiosOf(row))]),
          backgroundColor: ahead,
          borderColor: ahead,
        },
        {
          ...bars,
          data: rows.map((row): [number, number] => [Math.max(low, Math.min(1, ...ratiosOf(row))), 1]),
          backgroundColor: striped(behind),
          borderColor: behind,
        },
      ],
    },
    options: {
      indexAxis: "y",
      animation: false,
      maintainAspectRatio: false,
      layout: { padding: { right: narrow() ? 86 : 112, top: 22 } },
      plugins: {
        legend: { display: false },
        tooltip: {
          filter: ({ dataset }) => dataset.type === "scatter",
          callbacks: {
            title: () => "",
            label: ({ raw }) => `${(raw as Point).label}: ${ratioText((raw as Point).ratio)}x`,
          },
        },
      },
      scales: {
        x: {
          type: "logarithmic",
          min: low,
          max: high,
          afterBuildTicks: (axis) => {
            axis.ticks = ticksBetween(low, high);
          },
          ticks: {
            color: soft,
            autoSkip: false,
            maxRotation: 0,
            font: { size: fontSize() },
            callback: (value) => tickText(Number(value)),
          },
          grid: { color: colour("line") },
        },
        y: {
          type: "category",
          ticks: { color: text, autoSkip: false, font: { size: fontSize() } },
          grid: { display: false },
        },
      },
    },
    plugins: [annotations(rows)],
  };
};
