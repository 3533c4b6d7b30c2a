export type { AllocatorStats, CollectionStats, CollectionTimes, GenerationStats, TypeStats } from "./allocator.ts";
export type { AllocatorName } from "./create-allocator.ts";
export { type FailureReason, RuntimeFailure } from "./failure.ts";
export type { GcOptions } from "./gc/allocator.ts";
export { RUNTIME_IMPORTS, type RuntimeImport } from "./imports.ts";
export { decodeRecording, type Recording } from "./recording/decoder.ts";
export { Recorder } from "./recording/recorder.ts";
export type { ReplayResult } from "./recording/replay-memory.ts";
export { replay } from "./recording/replayer.ts";
export { createRuntime, Runtime, type RuntimeOptions } from "./runtime.ts";
export {
  costOnV1,
  costOnV2,
  formatCosts,
  type MeasuredCost,
  measureCost,
  type ObjectCost,
  objectCosts,
} from "./tools/cost-table.ts";
export { formatStats } from "./tools/stats-table.ts";
export type { V1Options } from "./v1/allocator.ts";
export { KEY_IDENTITY, KEY_RAW, KEY_STRING, MAP_LAYOUT, ORDER_BOOL, ORDER_FLOAT, ORDER_INT } from "./values/maps.ts";
export { ARRAY, BOX, CLOSURE, ERROR, MAP, type MorphTypeInfo, RAW, STRING } from "./values/types.ts";
export { type ByteWriter, DescriptorWriter, MemoryWriter } from "./writer.ts";
