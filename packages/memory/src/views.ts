/*
 * One buffer seen as every number type, and how that is read. Where only allocators can grow the memory, a getter just reads a field: V8 then makes of
 * `memory.f64[i]` in a loop what it makes of a view that was read before it. A check costs a third of that or more, in every round; so a memory
 * that needs one has getters with it as properties of its own.
 */

/** The views of a memory. New ones are made whenever it has grown. */
export class MemoryViews {
  /** What the views show. */
  protected buffer!: ArrayBufferLike;
  protected u8Now!: Uint8Array;
  private i8Now!: Int8Array;
  private u16Now!: Uint16Array;
  private i16Now!: Int16Array;
  private u32Now!: Uint32Array;
  protected i32Now!: Int32Array;
  private f32Now!: Float32Array;
  private f64Now!: Float64Array;
  private u64Now!: BigUint64Array;
  private i64Now!: BigInt64Array;

  /** Makes views of a buffer: those of now. */
  protected show(buffer: ArrayBufferLike): void {
    this.buffer = buffer;
    this.u8Now = new Uint8Array(buffer);
    this.i8Now = new Int8Array(buffer);
    this.u16Now = new Uint16Array(buffer);
    this.i16Now = new Int16Array(buffer);
    this.u32Now = new Uint32Array(buffer);
    this.i32Now = new Int32Array(buffer);
    this.f32Now = new Float32Array(buffer);
    this.f64Now = new Float64Array(buffer);
    this.u64Now = new BigUint64Array(buffer);
    this.i64Now = new BigInt64Array(buffer);
  }

  get u8(): Uint8Array {
    return this.u8Now;
  }
  get i8(): Int8Array {
    return this.i8Now;
  }
  get u16(): Uint16Array {
    return this.u16Now;
  }
  get i16(): Int16Array {
    return this.i16Now;
  }
  get u32(): Uint32Array {
    return this.u32Now;
  }
  get i32(): Int32Array {
    return this.i32Now;
  }
  get f32(): Float32Array {
    return this.f32Now;
  }
  get f64(): Float64Array {
    return this.f64Now;
  }
  get u64(): BigUint64Array {
    return this.u64Now;
  }
  get i64(): BigInt64Array {
    return this.i64Now;
  }
}

/** What the getters below need of a memory. */
interface Checked {
  readonly u8Now: Uint8Array;
  readonly i8Now: Int8Array;
  readonly u16Now: Uint16Array;
  readonly i16Now: Int16Array;
  readonly u32Now: Uint32Array;
  readonly i32Now: Int32Array;
  readonly f32Now: Float32Array;
  readonly f64Now: Float64Array;
  readonly u64Now: BigUint64Array;
  readonly i64Now: BigInt64Array;
  /** Of a shared memory: the word of its records that says how many pages there are, and what it said when the views were made. */
  readonly pages: Int32Array;
  readonly known: number;
  /** The same memory, with views that show all of it. */
  current(): Checked;
}

/** Growth by a module, which has an unshared memory, detaches the buffer. */
const detachable: PropertyDescriptorMap & ThisType<Checked> = {
  u8: {
    get() {
      const view = this.u8Now;
      return view.length === 0 ? this.current().u8Now : view;
    },
  },
  i8: {
    get() {
      const view = this.i8Now;
      return view.length === 0 ? this.current().i8Now : view;
    },
  },
  u16: {
    get() {
      const view = this.u16Now;
      return view.length === 0 ? this.current().u16Now : view;
    },
  },
  i16: {
    get() {
      const view = this.i16Now;
      return view.length === 0 ? this.current().i16Now : view;
    },
  },
  u32: {
    get() {
      const view = this.u32Now;
      return view.length === 0 ? this.current().u32Now : view;
    },
  },
  i32: {
    get() {
      const view = this.i32Now;
      return view.length === 0 ? this.current().i32Now : view;
    },
  },
  f32: {
    get() {
      const view = this.f32Now;
      return view.length === 0 ? this.current().f32Now : view;
    },
  },
  f64: {
    get() {
      const view = this.f64Now;
      return view.length === 0 ? this.current().f64Now : view;
    },
  },
  u64: {
    get() {
      const view = this.u64Now;
      return view.length === 0 ? this.current().u64Now : view;
    },
  },
  i64: {
    get() {
      const view = this.i64Now;
      return view.length === 0 ? this.current().i64Now : view;
    },
  },
};

/** Growth of a shared memory shows in its records, whichever thread grew it. */
const shared: PropertyDescriptorMap & ThisType<Checked> = {
  u8: {
    get() {
      return this.pages[0] === this.known ? this.u8Now : this.current().u8Now;
    },
  },
  i8: {
    get() {
      return this.pages[0] === this.known ? this.i8Now : this.current().i8Now;
    },
  },
  u16: {
    get() {
      return this.pages[0] === this.known ? this.u16Now : this.current().u16Now;
    },
  },
  i16: {
    get() {
      return this.pages[0] === this.known ? this.i16Now : this.current().i16Now;
    },
  },
  u32: {
    get() {
      return this.pages[0] === this.known ? this.u32Now : this.current().u32Now;
    },
  },
  i32: {
    get() {
      return this.pages[0] === this.known ? this.i32Now : this.current().i32Now;
    },
  },
  f32: {
    get() {
      return this.pages[0] === this.known ? this.f32Now : this.current().f32Now;
    },
  },
  f64: {
    get() {
      return this.pages[0] === this.known ? this.f64Now : this.current().f64Now;
    },
  },
  u64: {
    get() {
      return this.pages[0] === this.known ? this.u64Now : this.current().u64Now;
    },
  },
  i64: {
    get() {
      return this.pages[0] === this.known ? this.i64Now : this.current().i64Now;
    },
  },
};

/** Lets the views of an unshared memory be checked: someone else may grow it. */
export function checkDetachment(memory: MemoryViews): void {
  Object.defineProperties(memory, detachable);
}

/** Lets the views of a shared memory be checked. */
export function checkPages(memory: MemoryViews): void {
  Object.defineProperties(memory, shared);
}
