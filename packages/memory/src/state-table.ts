import { type AddressSpace, notMemory, PAGE_BYTES } from "./address-space.ts";
import { requireStatePlace } from "./allocator-state.ts";
import { describe, MorphError } from "./errors.ts";
import {
  FREED,
  GRANULES_A_WORD,
  LIVE,
  SAVED_BYTES,
  SAVED_GRANULES,
  SAVED_LO,
  SAVED_POINTER,
  SAVED_WORD,
  STATE_MASK,
  TABLE_STATE_BYTES,
} from "./layout.ts";

/*
 * Two bits for each granule of an address range, in a side table of the memory:
 *
 *     pointer - lo          granule number g             32-bit word g >>> 4 of the table
 *   ┌───────────────┐  ror  ┌───────────────┐          ┌────┬────┬────┬───────────────┬────┐
 *   │ ...      │ 0  │ ────> │ 0 │           │ ───────> │ 15 │ 14 │ .. │ g & 15        │ 0  │
 *   └───────────────┘ shift └───────────────┘          └────┴────┴────┴───────────────┴────┘
 *
 * Rotating right instead of shifting puts misaligned low bits at the top: g is then past the table's end, so that one
 * comparison refuses what is outside the range and what is not aligned. Hot paths do this themselves, on copies of
 * `lo`, `granules` and `word`.
 */

/** Granules are of 8 bytes to 32 KiB, those of the smallest and the largest slots. */
const LEAST_SHIFT = 3;
const MOST_SHIFT = 15;

/** In a memory of at most so many pages a table covers all of it as soon as one part in so many was in use. */
const ALL_MAX_PAGES = 4096;
const ALL_PART = 8;

/**
 * Where live and freed objects start, known exactly and outside the objects. The table covers an address range that
 * grows on demand, at two bits a granule.
 */
export class StateTable {
  /** The memory; the owner of the table replaces it when the views change. */
  i32: Int32Array;
  /** log2 of the granule in bytes: objects start at multiples of it. */
  readonly shift: number;
  /** Lowest pointer covered, signed. */
  lo = 0;
  /** Granules covered; 0 before the first `cover`. */
  granules = 0;
  /** Word index of the table in the memory. */
  word = 0;
  /** Bytes of the table. */
  bytes = 0;
  /** Bytes that {@link saveState} writes. */
  readonly stateBytes: number = TABLE_STATE_BYTES;
  private pointer = 0;
  /**
   * Bytes of the table that was dropped, for the next one, where there is room: in a full memory there may be none for a small one and the larger one that
   * it moves to.
   */
  private dropped = 0;
  private readonly memory: AddressSpace;

  /** @throws ERR_MORPH_INVALID_CONFIG when `memory` is not a memory, or `shift` no integer from 3 to 15 */
  constructor(memory: AddressSpace, shift: number) {
    if (typeof memory?.contractVersion !== "number") throw notMemory(memory);
    if (!Number.isInteger(shift) || shift < LEAST_SHIFT || shift > MOST_SHIFT) {
      throw new MorphError(
        "ERR_MORPH_INVALID_CONFIG",
        `shift: expected an integer from ${LEAST_SHIFT} to ${MOST_SHIFT}, got ${describe(shift)}`,
      );
    }
    this.memory = memory;
    this.shift = shift;
    this.i32 = memory.i32;
  }

  /** Whether a signed pointer is a multiple of the granule within the range. O(1). */
  covers(p: number): boolean {
    return typeof p === "number" && ((p | 0) === p || p >>> 0 === p) && this.granuleOf(p) < this.granules;
  }

  /** State of the granule at a signed pointer. O(1). @throws ERR_MORPH_INVALID_POINTER unless it is covered */
  get(p: number): number {
    if (!this.covers(p)) throw notCovered(p);
    const granule = this.granuleOf(p);
    return ((this.i32[this.word + (granule >>> 4)] as number) >>> (granule << 1)) & STATE_MASK;
  }

  /**
   * Sets the state of the granule at a signed pointer. O(1).
   * @param state LIVE, FREED, or 0 for neither
   * @throws ERR_MORPH_INVALID_POINTER unless it is covered, ERR_MORPH_INVALID_CONFIG for another state
   */
  set(p: number, state: number): void {
    if (!this.covers(p)) throw notCovered(p);
    if (state !== LIVE && state !== FREED && state !== 0) {
      throw new MorphError("ERR_MORPH_INVALID_CONFIG", `state: expected LIVE, FREED or 0, got ${describe(state)}`);
    }
    const granule = this.granuleOf(p);
    const word = this.word + (granule >>> 4);
    const bits = granule << 1;
    this.i32[word] = ((this.i32[word] as number) & ~(STATE_MASK << bits)) | (state << bits);
  }

  /**
   * Makes the table cover the bytes from `start` to `end`, if need be by moving to a larger one. Amortized O(1) a byte.
   * @throws ERR_MORPH_INVALID_POINTER unless these are addresses, the first one less than the other; ERR_MORPH_OUT_OF_MEMORY; then nothing has changed
   */
  cover(start: number, end: number): void {
    const isRange = Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= 2 ** 32;
    if (!isRange) {
      throw new MorphError(
        "ERR_MORPH_INVALID_POINTER",
        `expected two addresses, the first one less than the other, got ${describe(start)} and ${describe(end)}`,
      );
    }
    const granule = 1 << this.shift;
    const oldLo = this.lo >>> 0;
    const oldEnd = oldLo + this.granules * granule;
    const empty = this.granules === 0;
    if (!empty && start >= oldLo && end <= oldEnd) return;

    // Whole words of the old table must land on whole words of the new one.
    const unit = Math.max(PAGE_BYTES, GRANULES_A_WORD * granule);
    const lowest = Math.floor((empty ? start : Math.min(start, oldLo)) / unit) * unit;
    const highest = empty ? end : Math.max(end, oldEnd);
    // Room for a quarter as much again, so that a growing range moves the table seldom; the side table rounds up too.
    const larger = Math.ceil(Math.min((highest - lowest) * 1.25, 2 ** 32 - lowest) / granule / 4);
    let lo = lowest;
    let wanted = Math.max(larger, this.dropped);
    if (this.shouldCoverAll()) {
      lo = Math.floor((this.memory.firstPage * PAGE_BYTES) / unit) * unit;
      wanted = Math.ceil((this.memory.maxPages * PAGE_BYTES - lo) / granule / 4);
    }
    this.dropped = 0;
    let pointer = this.memory.tryAcquireTable(wanted);
    if (pointer === 0) {
      lo = lowest;
      wanted = larger;
      pointer = this.memory.tryAcquireTable(wanted);
    }
    if (pointer === 0) {
      wanted = Math.ceil((highest - lowest) / granule / 4);
      pointer = this.memory.acquireTable(wanted);
    }
    const bytes = this.memory.tableBytes(wanted);
    if (!empty) {
      const from = (oldLo - lo) / granule / GRANULES_A_WORD;
      this.i32.copyWithin(pointer / 4 + from, this.word, this.word + Math.ceil(this.granules / GRANULES_A_WORD));
    }
    const old = { pointer: this.pointer, bytes: this.bytes };
    this.pointer = pointer;
    this.bytes = bytes;
    // `| 0`: one stored heap number would turn a field into a double field for good.
    this.word = (pointer / 4) | 0;
    this.lo = lo | 0;
    this.granules = Math.min(bytes * 4, (2 ** 32 - lo) / granule) | 0;
    // The old table is released last: should that throw, the new one is in use.
    if (old.bytes > 0) this.memory.releaseTable(old.pointer, old.bytes);
  }

  /**
   * Whether to cover all of the memory at once: when an eighth of one that is not large was in use. Once the other pages were handed out, the table could
   * only move within the few that are kept for tables.
   */
  private shouldCoverAll(): boolean {
    const { maxPages, peakFootprint } = this.memory;
    return maxPages <= ALL_MAX_PAGES && peakFootprint * ALL_PART >= maxPages * PAGE_BYTES;
  }

  /** Every granule in a state, as signed pointers, lowest first. O(table). */
  *pointersIn(state: number): Generator<number, void, undefined> {
    const { lo, shift } = this;
    for (let granule = 0; granule < this.granules; granule++) {
      if (granule % GRANULES_A_WORD === 0 && this.i32[this.word + (granule >>> 4)] === 0) {
        granule += GRANULES_A_WORD - 1;
        continue;
      }
      const p = (lo + granule * (1 << shift)) | 0;
      if (this.get(p) === state) yield p;
    }
  }

  /** Forgets every state and releases the table. O(1). */
  drop(): void {
    const { pointer, bytes } = this;
    this.forget();
    this.dropped = bytes;
    if (bytes > 0) this.memory.releaseTable(pointer, bytes);
  }

  /** Forgets every state and the table, when the memory is gone. O(1). */
  forget(): void {
    this.lo = this.granules = this.word = this.bytes = this.pointer = 0;
  }

  /** Writes where the table lies into {@link stateBytes} bytes, for the same table in another thread. O(1). @throws ERR_MORPH_INVALID_POINTER when they are not in the memory */
  saveState(pointer: number): void {
    requireStatePlace(this.memory, pointer, TABLE_STATE_BYTES);
    const at = pointer / 4;
    this.i32[at + SAVED_LO] = this.lo;
    this.i32[at + SAVED_GRANULES] = this.granules;
    this.i32[at + SAVED_WORD] = this.word;
    this.i32[at + SAVED_BYTES] = this.bytes;
    this.i32[at + SAVED_POINTER] = this.pointer;
  }

  /** Takes over what {@link saveState} wrote there. O(1). @throws ERR_MORPH_INVALID_POINTER as that */
  loadState(pointer: number): void {
    requireStatePlace(this.memory, pointer, TABLE_STATE_BYTES);
    const at = pointer / 4;
    this.lo = this.i32[at + SAVED_LO] as number;
    this.granules = this.i32[at + SAVED_GRANULES] as number;
    this.word = this.i32[at + SAVED_WORD] as number;
    this.bytes = this.i32[at + SAVED_BYTES] as number;
    this.pointer = (this.i32[at + SAVED_POINTER] as number) >>> 0;
  }

  private granuleOf(p: number): number {
    const offset = (p - this.lo) | 0;
    return ((offset >>> this.shift) | (offset << (32 - this.shift))) >>> 0;
  }
}

function notCovered(p: number): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `expected a pointer that the table covers, got ${describe(p)}`);
}
