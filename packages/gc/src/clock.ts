/** Milliseconds from some moment on. An AudioWorklet has no `performance`, and a test's stand-in may have no clock. */
export function now(): number {
  const hasClock = typeof performance === "object" && typeof performance?.now === "function";
  return hasClock ? performance.now() : Date.now();
}
