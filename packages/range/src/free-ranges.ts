/*
 * Free ranges in order of their start, in a treap (Seidel and Aragon 1996): a search tree by start that is a heap by random
 * priorities, so that it is about balanced whatever comes. Each node knows the largest size in its subtree, so that the lowest range of a size
 * is found on one way down. Nodes are indexes into arrays of numbers; 0 is none.
 */

const FIRST_CAPACITY = 16;

/** The free ranges of a space; see above. All costs are O(log ranges) on average. */
export class FreeRanges {
  private root = 0;
  private starts = new Float64Array(FIRST_CAPACITY);
  private sizes = new Float64Array(FIRST_CAPACITY);
  /** The largest size in a node's subtree. */
  private largests = new Float64Array(FIRST_CAPACITY);
  private lefts = new Int32Array(FIRST_CAPACITY);
  private rights = new Int32Array(FIRST_CAPACITY);
  private priorities = new Int32Array(FIRST_CAPACITY);
  /** Nodes ever used, and the first of those that are not used now, linked by `lefts`. */
  private nodes = 1;
  private unused = 0;
  /** State of the random numbers: the same for all, so that a program does the same each time. */
  private random = 0x9e3779b9;
  /** Where `take` found its range. */
  private taken = -1;

  /** The size of the largest range; 0 when there is none. O(1). */
  get largest(): number {
    return this.largests[this.root] as number;
  }

  /** Takes `size` from the lowest range that has so many. @returns its start, -1 when none has */
  take(size: number): number {
    if (this.largest < size) return -1;
    this.root = this.takeFrom(this.root, size);
    return this.taken;
  }

  /** Adds a range that is not free yet, and merges it with its neighbours. */
  add(start: number, size: number): void {
    const before = this.lastBefore(start);
    const after = this.firstFrom(start);
    const joinsBefore = before !== 0 && (this.starts[before] as number) + (this.sizes[before] as number) === start;
    const joinsAfter = after !== 0 && start + size === this.starts[after];
    let first = start;
    let whole = size;
    if (joinsAfter) {
      whole += this.sizes[after] as number;
      this.root = this.removeFrom(this.root, this.starts[after] as number);
    }
    if (joinsBefore) {
      first = this.starts[before] as number;
      this.resizeIn(this.root, first, whole + (this.sizes[before] as number));
    } else this.root = this.insertInto(this.root, this.newNode(first, whole));
  }

  /** Whether a place lies in a free range. */
  has(place: number): boolean {
    const node = this.lastBefore(place + 1);
    return node !== 0 && place < (this.starts[node] as number) + (this.sizes[node] as number);
  }

  /** Forgets all ranges. O(1). */
  clear(): void {
    this.root = this.unused = 0;
    this.nodes = 1;
  }

  /** Start and size of each range, ascending. O(ranges). */
  *[Symbol.iterator](): Generator<readonly [start: number, size: number], void, undefined> {
    for (let node = this.firstFrom(0); node !== 0; node = this.firstFrom((this.starts[node] as number) + 1)) {
      yield [this.starts[node] as number, this.sizes[node] as number];
    }
  }

  // --- the tree ----------------------------------------------------------------------------------------------------------

  /** The node with the highest start below a place. */
  private lastBefore(place: number): number {
    let found = 0;
    for (let node = this.root; node !== 0; ) {
      if ((this.starts[node] as number) < place) {
        found = node;
        node = this.rights[node] as number;
      } else node = this.lefts[node] as number;
    }
    return found;
  }

  /** The node with the lowest start that is not below a place. */
  private firstFrom(place: number): number {
    let found = 0;
    for (let node = this.root; node !== 0; ) {
      if ((this.starts[node] as number) >= place) {
        found = node;
        node = this.lefts[node] as number;
      } else node = this.rights[node] as number;
    }
    return found;
  }

  // The following change a subtree and return its new root.

  private takeFrom(node: number, size: number): number {
    const left = this.lefts[node] as number;
    if ((this.largests[left] as number) >= size) this.lefts[node] = this.takeFrom(left, size);
    else if ((this.sizes[node] as number) >= size) {
      this.taken = this.starts[node] as number;
      this.starts[node] = this.taken + size;
      this.sizes[node] = (this.sizes[node] as number) - size;
      if (this.sizes[node] === 0) return this.drop(node);
    } else this.rights[node] = this.takeFrom(this.rights[node] as number, size);
    this.measure(node);
    return node;
  }

  private insertInto(node: number, fresh: number): number {
    if (node === 0) return fresh;
    if ((this.starts[fresh] as number) < (this.starts[node] as number)) {
      const left = this.insertInto(this.lefts[node] as number, fresh);
      this.lefts[node] = left;
      if ((this.priorities[left] as number) > (this.priorities[node] as number)) return this.rotateRight(node, left);
    } else {
      const right = this.insertInto(this.rights[node] as number, fresh);
      this.rights[node] = right;
      if ((this.priorities[right] as number) > (this.priorities[node] as number)) return this.rotateLeft(node, right);
    }
    this.measure(node);
    return node;
  }

  private removeFrom(node: number, start: number): number {
    if (start === this.starts[node]) return this.drop(node);
    if (start < (this.starts[node] as number)) this.lefts[node] = this.removeFrom(this.lefts[node] as number, start);
    else this.rights[node] = this.removeFrom(this.rights[node] as number, start);
    this.measure(node);
    return node;
  }

  private resizeIn(node: number, start: number, size: number): void {
    if (start === this.starts[node]) this.sizes[node] = size;
    else
      this.resizeIn(
        (start < (this.starts[node] as number) ? this.lefts[node] : this.rights[node]) as number,
        start,
        size,
      );
    this.measure(node);
  }

  private drop(node: number): number {
    const rest = this.merge(this.lefts[node] as number, this.rights[node] as number);
    this.lefts[node] = this.unused;
    this.unused = node;
    return rest;
  }

  /** Joins two subtrees, all of the first before all of the second. */
  private merge(left: number, right: number): number {
    if (left === 0) return right;
    if (right === 0) return left;
    if ((this.priorities[left] as number) > (this.priorities[right] as number)) {
      this.rights[left] = this.merge(this.rights[left] as number, right);
      this.measure(left);
      return left;
    }
    this.lefts[right] = this.merge(left, this.lefts[right] as number);
    this.measure(right);
    return right;
  }

  private rotateRight(node: number, left: number): number {
    this.lefts[node] = this.rights[left] as number;
    this.rights[left] = node;
    this.measure(node);
    this.measure(left);
    return left;
  }

  private rotateLeft(node: number, right: number): number {
    this.rights[node] = this.lefts[right] as number;
    this.lefts[right] = node;
    this.measure(node);
    this.measure(right);
    return right;
  }

  private measure(node: number): void {
    const left = this.largests[this.lefts[node] as number] as number;
    const right = this.largests[this.rights[node] as number] as number;
    this.largests[node] = Math.max(this.sizes[node] as number, left, right);
  }

  private newNode(start: number, size: number): number {
    let node = this.unused;
    if (node !== 0) this.unused = this.lefts[node] as number;
    else {
      node = this.nodes++;
      if (node === this.starts.length) this.growArrays();
    }
    // Marsaglia's xorshift.
    this.random ^= this.random << 13;
    this.random ^= this.random >>> 17;
    this.random ^= this.random << 5;
    this.starts[node] = start;
    this.sizes[node] = this.largests[node] = size;
    this.lefts[node] = this.rights[node] = 0;
    this.priorities[node] = this.random;
    return node;
  }

  private growArrays(): void {
    const capacity = this.starts.length * 2;
    const grown = <T extends Float64Array | Int32Array>(larger: T, old: T): T => {
      larger.set(old);
      return larger;
    };
    this.starts = grown(new Float64Array(capacity), this.starts);
    this.sizes = grown(new Float64Array(capacity), this.sizes);
    this.largests = grown(new Float64Array(capacity), this.largests);
    this.lefts = grown(new Int32Array(capacity), this.lefts);
    this.rights = grown(new Int32Array(capacity), this.rights);
    this.priorities = grown(new Int32Array(capacity), this.priorities);
  }
}
