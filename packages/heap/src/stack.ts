/** Packages below; see `requireStack` of `@morph/memory`. */
export const LAYERS = 1;
