import type { Plan } from "./plan.js";

/** What a process measures; figures by name. */
export type Figures = Readonly<Record<string, number>>;

/** A measurement by itself, in a process of its own. */
export type Measurement = (plan: Plan) => Figures;
