export { type Code, f64, i32, i64, none, pair, plainType, ref, type Type, typed, unreachable } from "./code.ts";
export { type DefinedFunction, LINES_SECTION, Module } from "./module.ts";
