/** Packages below, contexts among them; see `requireStack` of `@morph/memory`. */
export const LAYERS = 4;
