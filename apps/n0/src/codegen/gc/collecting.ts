/** Which imported functions never collect: they allocate nothing, and let no other Morph thread run. Any other one may. */
import { FAIL, OVERFLOW, SPAWN } from "../names.ts";

const NEVER: ReadonlySet<string> = new Set([
  "mph_gc_barrier",
  "mph_gc_grow_stack",
  "mph_gc_push_frame",
  "mph_gc_pop_roots",
  "mph_record_store",
  "mph_record_word",
  "mph_string_eq",
  "mph_string_len",
  "mph_string_Length",
  "mph_string_index",
  "mph_string_Compare",
  "mph_map_get",
  "mph_map_len",
  "mph_native_print",
  "mph_native_print_int",
  "mph_native_print_error",
  "mph_io_Write",
  "mph_io_WriteBytes",
  "mph_io_Close",
  "mph_bytes_Get",
  "mph_bytes_Set",
  "mph_bytes_Length",
  "mph_bytes_Clear",
  "mph_time_Now",
  "mph_time_ms",
  "mph_time_Sleep",
  "mph_channel_new",
  "mph_os_Exit",
  FAIL,
  OVERFLOW,
  SPAWN,
]);

/** Whether calls of an imported function never collect. */
export function neverCollects(name: string): boolean {
  return NEVER.has(name);
}
