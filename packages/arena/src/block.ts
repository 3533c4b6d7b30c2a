import { MorphError, PAGE_BYTES } from "@morph/memory";

/** A run of pages that the arena fills from its start. */
export interface Block {
  readonly pointer: number;
  pages: number;
  /** Bytes that are filled. It is not kept up to date while the block is the current one. */
  filled: number;
  /** Pointer of the first byte that was never handed out: from there on the block holds zeros. */
  zeroedFrom: number;
}

/** Bytes of a block's pages. */
export function bytesOf(block: Block): number {
  return block.pages * PAGE_BYTES;
}

/** Pointer behind a block's last byte; 2^32 at the end of the address space. */
export function endOf(block: Block): number {
  return block.pointer + bytesOf(block);
}

/** Whether blocks of so many pages would be more than an eighth larger than the objects of `bytes` in them. */
export function isWasteful(bytes: number, pages: number): boolean {
  const filled = Math.floor((pages * PAGE_BYTES) / bytes) * bytes;
  // Whole free pages at the end are released.
  const unused = (pages * PAGE_BYTES - filled) % PAGE_BYTES;
  return unused > filled / 8;
}

/** Notes that what a block was filled with does not hold zeros any more. */
export function noteDirty(block: Block): void {
  block.zeroedFrom = Math.max(block.zeroedFrom, block.pointer + block.filled);
}

/** The error that says what is wrong with an arena. */
export function broken(what: string): MorphError {
  return new MorphError("ERR_MORPH_INVALID_POINTER", `the arena is broken: ${what}`);
}
