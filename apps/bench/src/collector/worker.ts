/* One measurement in a process of its own: `node worker.js NAME full|quick`. */
import { MEASUREMENTS } from "./measurements.js";
import { FULL_PLAN, QUICK_PLAN } from "./plan.js";

const [name = "", amount] = process.argv.slice(2);
const measurement = MEASUREMENTS[name];
if (measurement === undefined) throw new Error(`there is no measurement "${name}"`);
process.stdout.write(JSON.stringify(measurement(amount === "quick" ? QUICK_PLAN : FULL_PLAN)));
