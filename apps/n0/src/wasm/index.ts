export { type Code, f64, i32, i64, none, type Type, unreachable } from "./code.ts";
export { LINES_SECTION, Module } from "./module.ts";
