import type { PointStyle } from "chart.js";
import type { ContenderName } from "../../../milestone/contenders.js";
import { colour } from "./theme.js";

const COLOURS: Readonly<Record<ContenderName, string>> = {
  v1: "behind",
  v2: "ours-aside",
  gc: "ours",
  plain: "native",
};
const POINTS: Readonly<Record<ContenderName, PointStyle>> = { v1: "triangle", v2: "circle", gc: "star", plain: "rect" };

/** The colour of who runs the milestone's programs. */
export const contenderColour = (name: ContenderName): string => colour(COLOURS[name]);

/** The points that tell them apart without colour. */
export const contenderPoint = (name: ContenderName): PointStyle => POINTS[name];
