import { packageTests } from "../../vitest.base.ts";

export default packageTests("test/removals.check.ts");
