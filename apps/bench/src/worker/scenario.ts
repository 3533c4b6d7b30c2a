import type { Scenario } from "../catalogue/scenario.js";

/** What this process runs; known before any subject is loaded, so that a subject can size its constants by it. */
export const scenario: Scenario = JSON.parse(process.argv[3]!) as Scenario;
