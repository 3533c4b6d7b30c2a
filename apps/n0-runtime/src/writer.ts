import { writeSync } from "node:fs";

/** Where a program's stdout goes. */
export interface ByteWriter {
  /** Takes the bytes; the array is the caller's again afterwards. */
  write(bytes: Uint8Array): void;
  /** Passes on what is buffered. */
  flush(): void;
}

const BUFFER_BYTES = 65536;
/** Bytes that are kept room for at first. */
const FIRST_BYTES = 1024;

/** Writes to a file descriptor, in pieces of up to 64 KiB. */
export class DescriptorWriter implements ByteWriter {
  private readonly fd: number;
  private readonly buffer: Uint8Array = new Uint8Array(BUFFER_BYTES);
  private filled = 0;

  /** @param fd an open file descriptor; 1 is stdout */
  constructor(fd: number) {
    this.fd = fd;
  }

  write(bytes: Uint8Array): void {
    if (bytes.length > BUFFER_BYTES - this.filled) this.flush();
    if (bytes.length > BUFFER_BYTES) {
      writeAll(this.fd, bytes);
      return;
    }
    this.buffer.set(bytes, this.filled);
    this.filled += bytes.length;
  }

  flush(): void {
    const { filled } = this;
    this.filled = 0;
    writeAll(this.fd, this.buffer.subarray(0, filled));
  }
}

/** Keeps everything that was written: for tests and embedders. */
export class MemoryWriter implements ByteWriter {
  private buffer: Uint8Array = new Uint8Array(FIRST_BYTES);
  private filled = 0;

  write(bytes: Uint8Array): void {
    const { filled } = this;
    const end = filled + bytes.length;
    if (end > this.buffer.length) this.grow(end);
    this.buffer.set(bytes, filled);
    this.filled = end;
  }

  flush(): void {}

  /** All bytes so far. */
  bytes(): Uint8Array {
    return this.buffer.slice(0, this.filled);
  }

  /** All bytes so far, read as UTF-8. */
  text(): string {
    return new TextDecoder().decode(this.bytes());
  }

  private grow(bytes: number): void {
    const larger = new Uint8Array(Math.max(bytes, this.buffer.length * 2));
    larger.set(this.buffer);
    this.buffer = larger;
  }
}

/** Writes all bytes, waiting where a pipe is full. @throws what the file system throws */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      sleep(1);
    }
  }
}

/** Blocks this thread. */
export function sleep(ms: number): void {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
