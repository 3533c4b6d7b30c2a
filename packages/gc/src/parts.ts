import type { HandleTable } from "./handles.ts";
import type { Kinds } from "./kinds.ts";
import type { Nursery } from "./nursery.ts";
import type { Objects } from "./objects.ts";
import type { OldSpace } from "./old-space.ts";
import type { Remembered } from "./remembered.ts";
import type { Roots } from "./roots.ts";
import type { Space } from "./space.ts";
import type { Statistics } from "./statistics.ts";
import type { Tracer } from "./tracer.ts";

/** All parts of a collector. */
export interface Parts {
  readonly space: Space;
  readonly kinds: Kinds;
  readonly nursery: Nursery;
  readonly old: OldSpace;
  readonly tracer: Tracer;
  readonly remembered: Remembered;
  readonly roots: Roots;
  readonly handles: HandleTable;
  readonly objects: Objects;
  readonly statistics: Statistics;
}
