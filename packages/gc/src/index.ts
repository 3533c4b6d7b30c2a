export { type CollectionKind, Collector, type OpenHandle } from "./collector.ts";
export { type GeneratedCodeLayout, LAYOUT } from "./generated-code.ts";
export type { Handle, Scope, WeakHandle } from "./handles.ts";
export { CLASS_BYTES, type TypeInfo, type TypeOptions } from "./kinds.ts";
export type { CollectorOptions } from "./options.ts";
export type { CollectorStats, TypeCensus } from "./statistics.ts";
