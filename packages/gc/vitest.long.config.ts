import { packageTests } from "../../vitest.base.ts";

export default packageTests("test/**/*.long.test.ts");
