export { type Code, f64, i32, i64, none, pair, plainType, ref, type Type, typed, unreachable } from "./code.ts";
export { Module } from "./module.ts";
export { type DefinedFunction, LINES_SECTION } from "./module-writer.ts";
