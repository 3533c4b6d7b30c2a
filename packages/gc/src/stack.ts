/** Packages below; see `requireStack` of `@morph/memory`. */
export const LAYERS = 1;

/** The same for a collection, or a part of one, which goes deeper, and calls finalizers. */
export const COLLECTION_LAYERS = 3;
