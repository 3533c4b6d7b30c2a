import { type AddressSpace, describe, MorphError, PAGE_BYTES } from "@morph/memory";

/** The memory contract this package was written against; see CONTRACT_VERSION of `@morph/memory`. */
export const CONTRACT = 1;

/** Packages below; see `requireStack` of `@morph/memory`. */
export const LAYERS = 1;

/** Largest slot in bytes: half a page. */
const MAX_SLOT_BYTES: number = PAGE_BYTES / 2;

const MAX_SLAB_BYTES = 64 * PAGE_BYTES;

/** Bytes of the slots of the default size classes. */
export const DEFAULT_CLASSES: readonly number[] = [16, 32, 64, 128, 256];

/** How to make a {@link Pool}. */
export interface PoolOptions {
  /** Bytes of every slot: a multiple of 8 from 8 to 32 KiB. A pointer is aligned to the powers of two that divide it. */
  slotSize: number;
  /** The memory to take pages from. Default: a new one of its own. */
  memory?: AddressSpace;
  /** Bytes of a slab: whole pages, 64 KiB (the default) to 4 MiB. */
  slabBytes?: number;
}

/** How to make a {@link PoolManager}. */
export interface PoolManagerOptions {
  /** The memory to take pages from. Default: a new one of its own. */
  memory?: AddressSpace;
  /** Slot sizes, ascending multiples of 8 from 8 to 32 KiB. Default 16, 32, 64, 128, 256. */
  sizeClasses?: readonly number[];
  /** Bytes of a slab, of every class: whole pages, 64 KiB (the default) to 4 MiB. */
  slabBytes?: number;
  /** Continue the manager that another thread registered under this id; its state comes with {@link PoolManager.loadState}. */
  owner?: number;
}

/** @throws ERR_MORPH_INVALID_CONFIG */
export function requireSlotSize(bytes: number): void {
  if (!Number.isInteger(bytes) || bytes < 8 || bytes > MAX_SLOT_BYTES || bytes % 8 !== 0) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `slot size: expected a multiple of 8 from 8 to ${MAX_SLOT_BYTES}, got ${describe(bytes)}`,
    );
  }
}

/**
 * @param least the least it may be: below a page it is a power of two
 * @throws ERR_MORPH_INVALID_CONFIG
 */
export function requireSlabBytes(bytes: number, least: number = PAGE_BYTES): void {
  const isWhole = Number.isInteger(bytes) && (bytes % PAGE_BYTES === 0 || PAGE_BYTES % bytes === 0);
  if (!isWhole || bytes < least || bytes > MAX_SLAB_BYTES) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `slabBytes: expected a multiple of ${PAGE_BYTES} from ${least} to ${MAX_SLAB_BYTES}, got ${describe(bytes)}`,
    );
  }
}

/** @throws ERR_MORPH_INVALID_CONFIG */
export function requireSizeClasses(classes: readonly number[]): void {
  if (!Array.isArray(classes) || classes.length === 0) {
    throw new MorphError(
      "ERR_MORPH_INVALID_CONFIG",
      `sizeClasses: expected a list of slot sizes, got ${describe(classes)}`,
    );
  }
  // Not forEach: it skips holes.
  for (let i = 0; i < classes.length; i++) {
    requireSlotSize(classes[i]!);
    if (i > 0 && classes[i]! <= classes[i - 1]!) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `sizeClasses: expected ascending sizes, got ${classes.join(", ")}`,
      );
    }
  }
}
