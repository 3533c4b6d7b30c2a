/*
 * The write barrier, before a reference is stored in an object:
 *
 *   - an object of the nursery needs none: that is tested in place;
 *   - in an old object, a reference to a young one is remembered: a bit of the object's block is set (of a large object, of the part of 64
 *     bytes), and the object goes on the remembered list; where the field has one to a young object already, that was done;
 *   - while a major collection marks, the object that the field pointed to is marked: what was reachable when marking began is found.
 *
 * The last two are a function of the module. The runtime is called only where a list is full, and for references to old objects while blocks of the old space
 * are going to be emptied.
 */
import { LAYOUT } from "@morph/gc";
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { GC_CONTROL, NURSERY_BASE, NURSERY_BYTES } from "../names.ts";

const WRITE = "gc_write";
const MARK = "gc_mark";
const WORD = 4;
const OBJECT = 0;
const OFFSET = 1;
const VALUE = 2;

/** Barriers of one module. */
export class Barrier {
  private readonly context: ModuleContext;

  constructor(context: ModuleContext) {
    this.context = context;
  }

  /** What has to be done before `value` is stored at `offset` of `object`, all of them locals or constants. */
  before(object: () => Code, offset: () => Code, value: () => Code, why: string): Code[] {
    const { context } = this;
    const { m } = context;
    if (!context.collects || !context.sites.keep(`barrier: ${why}`)) return [];
    const write = context.helper(WRITE, () => this.makeWrite());
    const before = m.i32.load(0, 4, m.i32.add(object(), offset()));
    const concerns = isZero(value())
      ? this.control(LAYOUT.MARKING)
      : m.i32.or(this.control(LAYOUT.MARKING), m.i32.gt_u(this.isYoung(value()), this.isYoung(before)));
    const call = m.call(write, [object(), offset(), value()], wasm.none);
    return [m.if(m.i32.eqz(this.isYoung(object())), m.if(concerns, call))];
  }

  private isYoung(pointer: Code): Code {
    const { m } = this.context;
    const place = m.i32.sub(pointer, m.global.get(NURSERY_BASE, wasm.i32));
    return m.i32.lt_u(place, m.global.get(NURSERY_BYTES, wasm.i32));
  }

  /** A word of the control table. */
  private control(word: number): Code {
    const { m } = this.context;
    return m.i32.load(word * WORD, 4, m.global.get(GC_CONTROL, wasm.i32));
  }

  private setControl(word: number, value: Code): Code {
    const { m } = this.context;
    return m.i32.store(word * WORD, 4, m.global.get(GC_CONTROL, wasm.i32), value);
  }

  /** (object, offset, value): remembers the object when the value is young, and before that, while marking, marks what the field has. */
  private makeWrite(): void {
    const { context } = this;
    const { m } = context;
    const { i32, none } = wasm;
    const get = (local: number): Code => m.local.get(local, i32);
    const [slot, entry, word, bit, list] = [3, 4, 5, 6, 7];
    const body: Code[] = [];
    if (context.sites.keep("barrier: marks what was there")) {
      const mark = context.helper(MARK, () => this.makeMark());
      const call = m.call(mark, [get(OBJECT), get(OFFSET), get(VALUE)], none);
      const tell = m.if(m.i32.eq(this.control(LAYOUT.MARKING), m.i32.const(LAYOUT.EMPTYING)), this.runtime(get));
      const done = m.if(m.i32.eqz(this.isYoung(get(VALUE))), m.block(null, [tell, m.return()]));
      const marks = m.block(null, [call, done]);
      body.push(m.if(this.control(LAYOUT.MARKING), marks));
    }
    const remember = [
      m.local.set(slot, m.i32.add(get(OBJECT), get(OFFSET))),
      m.local.set(
        word,
        this.recordOf(() => get(slot)),
      ),
      m.local.set(
        entry,
        m.select(
          m.i32.eq(m.i32.load(LAYOUT.STATE * WORD, 4, get(word)), m.i32.const(LAYOUT.OLD)),
          get(OBJECT),
          m.i32.and(get(slot), m.i32.const(-LAYOUT.CARD_BYTES)),
        ),
      ),
      m.local.set(word, m.i32.add(get(word), this.bitWord(get(entry)))),
      m.local.set(bit, this.bit(get(entry))),
      m.if(m.i32.and(m.i32.load(LAYOUT.LOGGED * WORD, 4, get(word)), get(bit)), m.return()),
      m.local.set(list, this.control(LAYOUT.REMEMBERED_CURSOR)),
      m.if(m.i32.eq(get(list), this.control(LAYOUT.REMEMBERED_LIMIT)), m.block(null, [this.runtime(get), m.return()])),
      this.setBit(LAYOUT.LOGGED, () => get(word), get(bit)),
      m.i32.store(0, 4, get(list), get(entry)),
      this.setControl(LAYOUT.REMEMBERED_CURSOR, m.i32.add(get(list), m.i32.const(WORD))),
    ];
    if (context.sites.keep("barrier: remembers")) body.push(...remember);
    m.addFunction(WRITE, [i32, i32, i32], none, [i32, i32, i32, i32, i32], m.block(null, body));
  }

  /** (object, offset, value): marks the old object in the field, and puts it on the mark stack when it has pointers. */
  private makeMark(): void {
    const { m } = this.context;
    const { i32, none } = wasm;
    const get = (local: number): Code => m.local.get(local, i32);
    const [pointer, record, word, bit, list] = [3, 4, 5, 6, 7];
    const kind = (): Code => m.i32.load(LAYOUT.KIND * WORD, 4, get(record));
    const hasPointers = m.i32.load(LAYOUT.POINTERS * WORD, 4, m.i32.shl(kind(), m.i32.const(2)));
    const body = m.block(null, [
      m.local.set(pointer, m.i32.load(0, 4, m.i32.add(get(OBJECT), get(OFFSET)))),
      m.if(m.i32.or(m.i32.eqz(get(pointer)), this.isYoung(get(pointer))), m.return()),
      m.local.set(
        record,
        this.recordOf(() => get(pointer)),
      ),
      m.local.set(word, m.i32.add(get(record), this.bitWord(get(pointer)))),
      m.local.set(bit, this.bit(get(pointer))),
      m.if(m.i32.and(m.i32.load(LAYOUT.MARKS * WORD, 4, get(word)), get(bit)), m.return()),
      m.local.set(list, this.control(LAYOUT.MARK_CURSOR)),
      m.if(m.i32.eq(get(list), this.control(LAYOUT.MARK_LIMIT)), m.block(null, [this.runtime(get), m.return()])),
      this.setBit(LAYOUT.MARKS, () => get(word), get(bit)),
      m.if(
        hasPointers,
        m.block(null, [
          m.i32.store(0, 4, get(list), get(pointer)),
          m.i32.store(4, 4, get(list), kind()),
          this.setControl(LAYOUT.MARK_CURSOR, m.i32.add(get(list), m.i32.const(2 * WORD))),
        ]),
      ),
    ]);
    m.addFunction(MARK, [i32, i32, i32], none, [i32, i32, i32, i32, i32], body);
  }

  /** The runtime's barrier, where a list is full. */
  private runtime(get: (local: number) => Code): Code {
    return this.context.runtime("mph_gc_barrier", [get(OBJECT), get(OFFSET), get(VALUE)]);
  }

  /** Sets a bit in a word of a record. */
  private setBit(bits: number, word: () => Code, bit: Code): Code {
    const { m } = this.context;
    return m.i32.store(bits * WORD, 4, word(), m.i32.or(m.i32.load(bits * WORD, 4, word()), bit));
  }

  /** The bit of a pointer in its word, which {@link bitWord} finds, in bytes from the record on. */
  private bit(pointer: Code): Code {
    const { m } = this.context;
    return m.i32.shl(m.i32.const(1), m.i32.shr_u(pointer, m.i32.const(LAYOUT.BIT_SHIFT)));
  }

  private bitWord(pointer: Code): Code {
    const { m } = this.context;
    const index = m.i32.and(
      m.i32.shr_u(pointer, m.i32.const(LAYOUT.BIT_WORD_SHIFT)),
      m.i32.const(LAYOUT.BIT_WORD_MASK),
    );
    return m.i32.shl(index, m.i32.const(2));
  }

  /** The address of the record of a pointer's block. */
  private recordOf(pointer: () => Code): Code {
    const { m } = this.context;
    const place = m.i32.shl(m.i32.shr_u(pointer(), m.i32.const(LAYOUT.SEGMENT_SHIFT)), m.i32.const(2));
    const segment = m.i32.load(0, 4, m.i32.add(this.control(LAYOUT.DIRECTORY), place));
    const block = m.i32.and(m.i32.shr_u(pointer(), m.i32.const(LAYOUT.RECORD_SHIFT)), m.i32.const(LAYOUT.RECORD_MASK));
    return m.i32.shl(m.i32.add(segment, block), m.i32.const(2));
  }
}

/** Whether the code is the constant 0. */
function isZero({ kind, bytes, parts }: Code): boolean {
  return kind === "plain" && parts.length === 0 && bytes[0] === 0x41 && bytes.length === 2 && bytes[1] === 0;
}
