import { comparePrograms } from "./programs.ts";

comparePrograms("A");
