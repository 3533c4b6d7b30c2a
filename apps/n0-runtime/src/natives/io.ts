import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { RuntimeFailure } from "../failure.ts";
import type { RuntimeHeap } from "../runtime-heap.ts";
import type { Arrays } from "../values/arrays.ts";
import { clamp, LONGEST, type Strings } from "../values/strings.ts";
import { RAW } from "../values/types.ts";
import { type ByteWriter, sleep, writeAll } from "../writer.ts";

/** Entries of the file table; the first three are stdin, stdout, stderr, and none is used again. */
const TABLE = 1024;
/** Bytes of the first piece and of the largest one when a whole file is read: its size need not be known. */
const FIRST_PIECE = 65536;
const LARGEST_PIECE = 16 * 1024 * 1024;
const STDIN = 0;
const STDOUT = 1;

/** Module io: a file is a struct that holds its index in the table. */
export class IoNatives {
  private readonly heap: RuntimeHeap;
  private readonly strings: Strings;
  private readonly arrays: Arrays;
  private readonly stdout: ByteWriter;
  /** Descriptors by index; -1 is closed. */
  private readonly files: number[] = [0, 1, 2];

  constructor(heap: RuntimeHeap, strings: Strings, arrays: Arrays, stdout: ByteWriter) {
    this.heap = heap;
    this.strings = strings;
    this.arrays = arrays;
    this.stdout = stdout;
  }

  /** A file struct for a 64-bit index. */
  makeFile(low: number, high: number): number {
    const file = this.heap.alloc(8, RAW);
    this.heap.i32[file >>> 2] = low;
    this.heap.i32[(file >>> 2) + 1] = high;
    return file;
  }

  /** @param flags of open: "r", "w+". @returns a file, or null when it cannot be opened or the table is full (V1-12) */
  open(path: number, flags: string): number {
    // The bytes as they are: a path need not be UTF-8.
    const name = Buffer.from(this.strings.upToNul(path));
    if (this.files.length >= TABLE) return 0;
    let descriptor: number;
    try {
      descriptor = openSync(name, flags);
    } catch {
      return 0;
    }
    this.files.push(descriptor);
    return this.makeFile(this.files.length - 1, 0);
  }

  /** Up to `size` bytes from where the file is; `""` at its end, for null and for a closed file. */
  read(file: number, sizeLow: number, sizeHigh: number): number {
    const descriptor = this.descriptorOf(file);
    const { strings } = this;
    // A question has to be seen before the answer is waited for.
    if (descriptor === STDIN) this.stdout.flush();
    const size = clamp(sizeLow, sizeHigh, LONGEST + 1);
    if (descriptor < 0 || size === 0) return strings.createFrom("");
    return strings.ofRead(size, (bytes) => {
      const length = readFully(descriptor, bytes);
      return length < 0 ? ~length : length;
    });
  }

  /** All bytes from where the file is to its end; null for null, a closed file, and what cannot be read. */
  readAll(file: number): number {
    const descriptor = this.descriptorOf(file);
    if (descriptor < 0) return 0;
    if (descriptor === STDIN) this.stdout.flush();
    const pieces: Uint8Array[] = [];
    let total = 0;
    for (let size = FIRST_PIECE; ; size = Math.min(size * 2, LARGEST_PIECE)) {
      const piece = new Uint8Array(size);
      const read = readFully(descriptor, piece);
      if (read < 0) return 0;
      total += read;
      if (total > LONGEST) throw new RuntimeFailure("memory", "a file of 2 GiB or more is no string");
      pieces.push(piece.subarray(0, read));
      if (read < size) break;
    }
    const { heap, strings } = this;
    const string = strings.allocate(total);
    let at = strings.dataOf(string);
    for (const piece of pieces) {
      heap.u8.set(piece, at);
      at += piece.length;
    }
    return string;
  }

  /** Bytes written; -1 for null or a closed file, fewer than there are when it cannot be written. */
  write(file: number, string: number): number {
    const { heap, strings } = this;
    const descriptor = this.descriptorOf(file);
    if (descriptor < 0) return -1;
    return this.writeTo(file, descriptor, heap.bytes(strings.dataOf(string), strings.length(string)));
  }

  /** As {@link write}, the low 8 bits of each int of an array. */
  writeInts(file: number, array: number): number {
    const descriptor = this.descriptorOf(file);
    if (descriptor < 0) return -1;
    const length = this.arrays.length(array);
    const { i32 } = this.heap;
    const word = this.arrays.elementsOf(array) >>> 2;
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = i32[word + i * 2] as number;
    return this.writeTo(file, descriptor, bytes);
  }

  /** 0, for the standard streams too, which stay open; -1 for null or a closed file. */
  close(file: number): number {
    const descriptor = this.descriptorOf(file);
    if (descriptor < 0) return -1;
    const index = this.indexOf(file);
    if (index > 2) {
      this.files[index] = -1;
      closeSync(descriptor);
    }
    return 0;
  }

  /** Closes everything that is open. */
  closeAll(): void {
    for (let index = 3; index < this.files.length; index++) {
      if (this.files[index] !== -1) closeSync(this.files[index] as number);
    }
    this.files.length = 3;
  }

  private writeTo(file: number, descriptor: number, bytes: Uint8Array): number {
    // In order with what native_print writes.
    if (this.indexOf(file) === STDOUT) this.stdout.write(bytes);
    else if (descriptor === 2) writeAll(2, bytes);
    else return writeFully(descriptor, bytes);
    return bytes.length;
  }

  private indexOf(file: number): number {
    const { i32 } = this.heap;
    return i32[(file >>> 2) + 1] === 0 ? (i32[file >>> 2] as number) : -1;
  }

  private descriptorOf(file: number): number {
    return file === 0 ? -1 : (this.files[this.indexOf(file)] ?? -1);
  }
}

/** Reads until the bytes are full or the file ends. @returns how many; when it cannot be read to there, ~how many */
function readFully(descriptor: number, bytes: Uint8Array): number {
  let done = 0;
  while (done < bytes.length) {
    const read = readSome(descriptor, bytes, done);
    if (read < 0) return ~done;
    if (read === 0) break;
    done += read;
  }
  return done;
}

/** Reads what is there, waiting for the first byte: 0 at the end, -1 when it cannot be read. */
function readSome(descriptor: number, bytes: Uint8Array, from: number): number {
  for (;;) {
    try {
      return readSync(descriptor, bytes, from, bytes.length - from, null);
    } catch (error) {
      // On Windows a pipe's end is an error.
      if ((error as NodeJS.ErrnoException).code === "EOF") return 0;
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return -1;
      sleep(1);
    }
  }
}

function writeFully(descriptor: number, bytes: Uint8Array): number {
  let done = 0;
  try {
    while (done < bytes.length) done += writeSync(descriptor, bytes, done);
  } catch {
    // What could be written is written.
  }
  return done;
}
