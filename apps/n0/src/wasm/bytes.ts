/** Bytes that grow at their end, with the numbers of WebAssembly's format. */
export class ByteSink {
  length = 0;
  private bytes = new Uint8Array(256);

  /** One byte. O(1) in the mean. */
  byte(value: number): void {
    if (this.length === this.bytes.length) this.grow(this.length + 1);
    this.bytes[this.length++] = value;
  }

  /** Bytes as they are. */
  all(bytes: ArrayLike<number>): void {
    if (this.length + bytes.length > this.bytes.length) this.grow(this.length + bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** An unsigned number below 2^53, seven bits a byte, the lowest first (LEB128). */
  unsigned(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    this.byte(rest);
  }

  /** A signed 32-bit number (LEB128). */
  signed(value: number): void {
    let rest = value | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 127) | 128);
      rest >>= 7;
    }
    this.byte(rest & 127);
  }

  /** A signed 64-bit number (LEB128). */
  signed64(value: bigint): void {
    let rest = BigInt.asIntN(64, value);
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.byte(Number(rest & 127n));
  }

  /** A float's 8 bytes, the lowest first. */
  float64(value: number): void {
    this.all(new Uint8Array(new Float64Array([value]).buffer));
  }

  /** Length and UTF-8 bytes. */
  name(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.unsigned(bytes.length);
    this.all(bytes);
  }

  /** What is there, as the sink's own memory. */
  view(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.length);
  }

  /** Forgets the bytes and keeps the room. */
  clear(): void {
    this.length = 0;
  }

  private grow(least: number): void {
    const larger = new Uint8Array(Math.max(least, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}
