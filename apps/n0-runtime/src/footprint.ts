/** What the V1 runtime takes from the system: pages, descriptors and mark blocks, and 32 bytes for each root. */
export class Footprint {
  /** Bytes of pages, descriptors and mark blocks. */
  bytes = 0;
  /** Roots pushed, in all Morph threads. */
  roots = 0;
  /** The most there was. */
  peak = 0;
  /** Bytes of a root: a malloc'd node of 16 in V1, with malloc's own 16. */
  readonly rootBytes: number;

  /** @param rootBytes bytes that a pushed root takes */
  constructor(rootBytes: number) {
    this.rootBytes = rootBytes;
  }

  get current(): number {
    return this.bytes + this.roots * this.rootBytes;
  }

  /** To be called before anything gets less, and before the peak is read: then the peak is exact. O(1). */
  note(): void {
    const now = this.bytes + this.roots * this.rootBytes;
    if (now > this.peak) this.peak = now;
  }
}
