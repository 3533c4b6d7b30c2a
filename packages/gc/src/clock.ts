/** Milliseconds from some moment on. An AudioWorklet has no `performance`. */
export function now(): number {
  return typeof performance === "object" ? performance.now() : Date.now();
}
