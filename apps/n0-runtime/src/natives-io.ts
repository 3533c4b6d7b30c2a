import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Core } from "./core.ts";
import { clamp, LONGEST, type Strings } from "./strings.ts";
import { RAW } from "./types.ts";
import { sleep, writeAll } from "./writer.ts";

/** Entries of the file table; the first three are stdin, stdout, stderr, and none is used again. */
const TABLE = 1024;
const STDIN = 0;
const STDOUT = 1;

/** Module io: a file is a struct that holds its index in the table. */
export class IoNatives {
  private readonly core: Core;
  private readonly strings: Strings;
  /** Descriptors by index; -1 is closed. */
  private readonly files: number[] = [0, 1, 2];

  constructor(core: Core, strings: Strings) {
    this.core = core;
    this.strings = strings;
  }

  /** A file struct for an index. */
  makeFile(index: number): number {
    const file = this.core.alloc(8, RAW);
    this.core.i32[file >>> 2] = index;
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
    return this.makeFile(this.files.length - 1);
  }

  /** Up to `size` bytes from where the file is; `""` at its end, for null and for a closed file. */
  read(file: number, sizeLow: number, sizeHigh: number): number {
    const descriptor = this.descriptorOf(file);
    const { core, strings } = this;
    // A question has to be seen before the answer is waited for.
    if (descriptor === STDIN) core.stdout.flush();
    const size = clamp(sizeLow, sizeHigh, LONGEST + 1);
    if (descriptor < 0 || size === 0) return strings.createFrom("");
    // No string is longer; as in C, the buffer's allocation is what fails.
    const data = core.alloc(size > LONGEST ? 0xffff_ffff : size + 1, RAW);
    const length = readFully(descriptor, core.bytes(data, size));
    core.hold(data);
    const string = strings.adopt(data, length);
    core.release(1);
    return string;
  }

  /** Bytes written; -1 for null or a closed file, 0 when it cannot be written. */
  write(file: number, string: number): number {
    const { core, strings } = this;
    const descriptor = this.descriptorOf(file);
    if (descriptor < 0) return -1;
    const bytes = core.bytes(strings.dataOf(string), strings.length(string));
    // In order with what native_print writes.
    if (this.indexOf(file) === STDOUT) core.stdout.write(bytes);
    else if (descriptor === 2) writeAll(2, bytes);
    else return writeFully(descriptor, bytes);
    return bytes.length;
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

  private indexOf(file: number): number {
    const { i32 } = this.core;
    return i32[(file >>> 2) + 1] === 0 ? (i32[file >>> 2] as number) : -1;
  }

  private descriptorOf(file: number): number {
    return file === 0 ? -1 : (this.files[this.indexOf(file)] ?? -1);
  }
}

/** Reads until the bytes are full or the file ends. */
function readFully(descriptor: number, bytes: Uint8Array): number {
  let done = 0;
  while (done < bytes.length) {
    try {
      const read = readSync(descriptor, bytes, done, bytes.length - done, null);
      if (read === 0) break;
      done += read;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") break;
      sleep(1);
    }
  }
  return done;
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
