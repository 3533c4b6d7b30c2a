/** Packages below; see `requireStack` of `@morph/memory`. */
export const LAYERS = 2;

/** The same for operations of several steps, each of which asks for so much, and for what is done with a lock, before it is given back. */
export const LOCKED_LAYERS = 3;
