import { HandleTable } from "./handles.ts";
import { Incoming } from "./incoming.ts";
import { Kinds } from "./kinds.ts";
import { Nursery } from "./nursery.ts";
import { Objects } from "./objects.ts";
import { OldSpace } from "./old-space.ts";
import type { Settings } from "./options.ts";
import { Remembered } from "./remembered.ts";
import { Roots } from "./roots.ts";
import type { Space } from "./space.ts";
import { Statistics } from "./statistics.ts";
import { Tracer } from "./tracer.ts";

/** All parts of a collector. */
export interface Parts {
  readonly space: Space;
  readonly kinds: Kinds;
  readonly nursery: Nursery;
  readonly old: OldSpace;
  readonly tracer: Tracer;
  readonly remembered: Remembered;
  readonly incoming: Incoming;
  readonly roots: Roots;
  readonly handles: HandleTable;
  readonly objects: Objects;
  readonly statistics: Statistics;
}

/** Makes them in a space. @throws ERR_MORPH_OUT_OF_MEMORY */
export function makeParts(space: Space, settings: Settings): Parts {
  const kinds = new Kinds(space);
  const nursery = new Nursery(
    space,
    kinds,
    settings.nurseryBytes,
    settings.moveAlways,
    settings.pauseTargetMs === Number.POSITIVE_INFINITY,
  );
  const old = new OldSpace(space, kinds);
  const remembered = new Remembered(space);
  const roots = new Roots(space, settings.stackBytes);
  const incoming = new Incoming(space);
  const tracer = new Tracer(space, old, remembered, incoming, nursery);
  const handles = new HandleTable(settings.traceHandles, tracer.base, tracer.span);
  const objects = new Objects(space, kinds, old, nursery);
  const statistics = new Statistics();
  return { space, kinds, nursery, old, tracer, remembered, incoming, roots, handles, objects, statistics };
}
