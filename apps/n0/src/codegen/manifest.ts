/** What a compiled module says about itself: who runs it needs to know this before it starts. */
import type { MorphTypeInfo } from "n0-runtime";
import type { TargetName } from "./target.ts";

/** The contents of the custom section `n0`, as JSON. */
export interface Manifest {
  readonly version: number;
  /** Bytes of the module's region: its table of type handles, vtables, globals and literals. */
  readonly regionBytes: number;
  /** The types of its objects. The region starts with a 4-byte handle for each, in this order. */
  readonly types: readonly MorphTypeInfo[];
  /** What runtime messages call its files, by number. */
  readonly files: readonly string[];
  /** Whether it calls `luncurkan`: then it can be unwound and continued. */
  readonly threads: boolean;
  /** Whether it reports the pointers it stores. */
  readonly recorded: boolean;
  /** For which allocators it is; absent: v1 and v2. */
  readonly target?: TargetName;
  /** Of each function of the source: its index, its name (empty for statements of the top level), the number of its file. For traces. */
  readonly trace?: readonly (readonly [index: number, name: string, file: number])[];
}

export const MANIFEST_SECTION = "n0";
export const MANIFEST_VERSION = 1;

/** Whether the module is made for the collector, which moves objects. */
export function isForCollector({ target }: Manifest): boolean {
  return target === "gc";
}

/** The manifest as bytes. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(manifest));
}

/** The manifest of a module, or null when it is not one of ours. */
export function readManifest(module: WebAssembly.Module): Manifest | null {
  const [section] = WebAssembly.Module.customSections(module, MANIFEST_SECTION);
  if (section === undefined) return null;
  try {
    const manifest = JSON.parse(new TextDecoder().decode(section)) as Manifest;
    return manifest.version === MANIFEST_VERSION ? manifest : null;
  } catch {
    return null;
  }
}
