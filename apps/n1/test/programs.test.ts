import { comparePrograms } from "./programs.ts";

comparePrograms("B");
