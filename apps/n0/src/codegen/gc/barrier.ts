/*
 * The write barrier, before a reference is stored in an object:
 *
 *   - an object of the nursery needs none: that is tested in place;
 *   - in an old object, a reference to a young one is remembered: a bit of the object's block is set (of a large object, of the part of 64
 *     bytes), and the object goes on the remembered list;
 *   - while a major collection marks, the object that the field pointed to is marked: what was reachable when marking began is found.
 *
 * The last two are a function of the module. The runtime is called only where a list is full.
 */
import { LAYOUT } from "@morph/gc";
import * as wasm from "../../wasm/index.ts";
import type { Code, ModuleContext } from "../context.ts";
import { GC_CONTROL, NURSERY_BASE, NURSERY_BYTES } from "../names.ts";

const WRITE = "gc_write";
const RECORD = "gc_record";
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
    if (!context.sites.keep(`barrier: ${why}`)) return [];
    const write = context.helper(WRITE, () => this.makeWrite());
    const isNull = isZero(value());
    const concerns = isNull
      ? this.control(LAYOUT.MARKING)
      : m.i32.or(this.control(LAYOUT.MARKING), this.isYoung(value()));
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

  /** (object, offset, value): marks and remembers. */
  private makeWrite(): void {
    const { context } = this;
    const { m } = context;
    const { i32, none } = wasm;
    const get = (local: number): Code => m.local.get(local, i32);
    const slot = 3;
    const record = 4;
    const entry = 5;
    const word = 6;
    const list = 7;
    const findRecord = context.helper(RECORD, () => this.makeRecord());
    const runtime = (): Code => context.runtime("mph_gc_barrier", [get(OBJECT), get(OFFSET), get(VALUE)]);
    const isSet = (): Code => m.i32.and(m.i32.load(LAYOUT.LOGGED * WORD, 4, get(word)), this.bit(get(entry)));
    const remember = m.block(null, [
      m.local.set(slot, m.i32.add(get(OBJECT), get(OFFSET))),
      m.local.set(record, m.call(findRecord, [get(slot)], i32)),
      m.local.set(
        entry,
        m.select(
          m.i32.eq(m.i32.load(LAYOUT.STATE * WORD, 4, get(record)), m.i32.const(LAYOUT.OLD)),
          get(OBJECT),
          m.i32.and(get(slot), m.i32.const(-LAYOUT.CARD_BYTES)),
        ),
      ),
      m.local.set(word, m.i32.add(get(record), this.bitWord(get(entry)))),
      m.if(isSet(), m.return()),
      m.local.set(list, this.control(LAYOUT.REMEMBERED_CURSOR)),
      m.if(m.i32.eq(get(list), this.control(LAYOUT.REMEMBERED_LIMIT)), m.block(null, [runtime(), m.return()])),
      m.i32.store(
        LAYOUT.LOGGED * WORD,
        4,
        get(word),
        m.i32.or(m.i32.load(LAYOUT.LOGGED * WORD, 4, get(word)), this.bit(get(entry))),
      ),
      m.i32.store(0, 4, get(list), get(entry)),
      this.setControl(LAYOUT.REMEMBERED_CURSOR, m.i32.add(get(list), m.i32.const(WORD))),
    ]);
    const marking = m.if(
      this.control(LAYOUT.MARKING),
      m.block(null, [
        m.local.set(entry, m.i32.load(0, 4, m.i32.add(get(OBJECT), get(OFFSET)))),
        m.if(
          m.i32.and(m.i32.ne(get(entry), m.i32.const(0)), m.i32.eqz(this.isYoung(get(entry)))),
          this.mark(findRecord),
        ),
      ]),
    );
    const body: Code[] = [];
    if (context.sites.keep("barrier: marks what was there")) body.push(marking);
    if (context.sites.keep("barrier: remembers")) body.push(m.if(this.isYoung(get(VALUE)), remember));
    m.addFunction(WRITE, [i32, i32, i32], none, [i32, i32, i32, i32, i32], m.block(null, body));
  }

  /** Marks the old object in the local `entry`, and puts it on the mark stack when it has pointers. */
  private mark(findRecord: string): Code {
    const { context } = this;
    const { m } = context;
    const { i32 } = wasm;
    const get = (local: number): Code => m.local.get(local, i32);
    const record = 4;
    const entry = 5;
    const word = 6;
    const list = 7;
    const marks = (): Code => m.i32.load(LAYOUT.MARKS * WORD, 4, get(word));
    const kind = (): Code => m.i32.shl(m.i32.load(LAYOUT.KIND * WORD, 4, get(record)), m.i32.const(2));
    const runtime = context.runtime("mph_gc_barrier", [get(OBJECT), get(OFFSET), get(VALUE)]);
    return m.block(null, [
      m.local.set(record, m.call(findRecord, [get(entry)], i32)),
      m.local.set(word, m.i32.add(get(record), this.bitWord(get(entry)))),
      m.if(
        m.i32.eqz(m.i32.and(marks(), this.bit(get(entry)))),
        m.block(null, [
          m.local.set(list, this.control(LAYOUT.MARK_CURSOR)),
          m.if(m.i32.eq(get(list), this.control(LAYOUT.MARK_LIMIT)), m.block(null, [runtime, m.return()])),
          m.i32.store(LAYOUT.MARKS * WORD, 4, get(word), m.i32.or(marks(), this.bit(get(entry)))),
          m.if(
            m.i32.load(LAYOUT.POINTERS * WORD, 4, kind()),
            m.block(null, [
              m.i32.store(0, 4, get(list), get(entry)),
              m.i32.store(4, 4, get(list), m.i32.load(LAYOUT.KIND * WORD, 4, get(record))),
              this.setControl(LAYOUT.MARK_CURSOR, m.i32.add(get(list), m.i32.const(2 * WORD))),
            ]),
          ),
        ]),
      ),
    ]);
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

  /** (pointer) -> address of the record of its block. */
  private makeRecord(): void {
    const { m } = this.context;
    const { i32 } = wasm;
    const pointer = (): Code => m.local.get(0, i32);
    const place = m.i32.shl(m.i32.shr_u(pointer(), m.i32.const(LAYOUT.SEGMENT_SHIFT)), m.i32.const(2));
    const segment = m.i32.load(0, 4, m.i32.add(this.control(LAYOUT.DIRECTORY), place));
    const block = m.i32.and(m.i32.shr_u(pointer(), m.i32.const(LAYOUT.RECORD_SHIFT)), m.i32.const(LAYOUT.RECORD_MASK));
    m.addFunction(RECORD, [i32], i32, [], m.i32.shl(m.i32.add(segment, block), m.i32.const(2)));
  }
}

/** Whether the code is the constant 0. */
function isZero({ kind, bytes, parts }: Code): boolean {
  return kind === "plain" && parts.length === 0 && bytes[0] === 0x41 && bytes.length === 2 && bytes[1] === 0;
}
