/** The names of what every generated module has. */

/** Imported: the address of the region, and of the runtime's result cells. */
export const BASE = "base";
export const RESULT = "result";

/** The frames' stack: where the next frame starts, and where the stack ends. Exported, so that each Morph thread has its own. */
export const STACK_POINTER = "stack_pointer";
export const STACK_LIMIT = "stack_limit";

/** The address of the slots of string literals: known once all code is there. */
export const LITERALS = "literals";

/** Turns of loops until other Morph threads get theirs. */
export const TURNS_LEFT = "turns_left";

/** Functions of the runner, imported from `n0`. */
export const FAIL = "fail";
export const SEND = "send";
export const RECEIVE = "receive";
export const SLEEP = "sleep";
export const SPAWN = "spawn";
export const YIELD = "yield";
export const OVERFLOW = "overflow";

/** What the runner's `fail` is told. */
export const FAIL_NULL = 0;
export const FAIL_DIVIDE = 1;
export const FAIL_INDEX = 2;
export const FAIL_STRING_INDEX = 3;

/** Imported from the runtime, where objects move: the address of the collector's control table, and where its nursery lies. */
export const GC_CONTROL = "gc_control";
export const NURSERY_BASE = "gc_nursery_base";
export const NURSERY_BYTES = "gc_nursery_bytes";
export const STRING_CURSORS = "gc_string_cursors";
/** Where small arrays are made; only modules that make some import it. */
export const ARRAY_CURSORS = "gc_array_cursors";
