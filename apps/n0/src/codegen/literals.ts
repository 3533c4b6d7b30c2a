/*
 * String literals. Strings cannot be changed, so each is made once, when the program starts, and its pointer lies in a slot that is
 * rooted for ever:
 *
 *   table of slots, 8 bytes each │ table of (offset in the region, length), 4 bytes each
 *
 * The original makes a new string each time a literal is evaluated; a module can be generated to do that too, for comparisons.
 */
import * as wasm from "../wasm/index.ts";
import type { Code, ModuleContext } from "./context.ts";
import { LITERALS } from "./names.ts";

const MAKE = "make_literals";

/** The literals of one module. */
export class Literals {
  private readonly context: ModuleContext;
  /** Whether literals are made once. */
  readonly once: boolean;
  /** By offset of the bytes: the number of the slot. */
  private readonly slots: Map<string, number> = new Map();
  private readonly entries: number[] = [];

  constructor(context: ModuleContext, once: boolean) {
    this.context = context;
    this.once = once;
  }

  /** The string of these bytes. */
  string(bytes: Uint8Array): Code {
    const { context, once } = this;
    const { m } = context;
    const offset = context.image.literal(bytes);
    if (!once) return context.target.literal(bytes, context.address(offset));
    // Two literals of one offset differ in length: an empty one lies anywhere.
    const key = `${offset}:${bytes.length}`;
    let slot = this.slots.get(key);
    if (slot === undefined) {
      slot = this.slots.size;
      this.slots.set(key, slot);
      this.entries.push(offset, bytes.length);
    }
    return m.ref.load(slot * 8, 4, m.global.get(LITERALS, wasm.i32));
  }

  /** Code for the start-up, before anything of the program. */
  prepare(): Code[] {
    return this.once ? [this.context.m.call(MAKE, [], wasm.none)] : [];
  }

  /** Adds what {@link prepare} calls, once all code is there. */
  finish(): void {
    const { context, entries } = this;
    const { m, image } = context;
    if (!this.once) return;
    const { i32, none } = wasm;
    const count = this.slots.size;
    const table = image.words(entries);
    const slots = image.zeros(count * 8);
    m.addGlobal(LITERALS, i32, m.i32.const(0));
    const code: Code[] = [];
    if (count > 0) {
      const [i, slot] = [0, 1];
      const get = (): Code => m.local.get(i, i32);
      const entry = (): Code => m.i32.add(context.address(table), m.i32.mul(get(), m.i32.const(8)));
      const bytes = m.i32.add(context.address(0), m.i32.load(0, 4, entry()));
      const made = context.runtime("mph_string_new", [bytes, m.i32.load(4, 4, entry())]);
      const slotAddress = (): Code => m.local.get(slot, i32);
      code.push(
        m.global.set(LITERALS, context.address(slots)),
        context.runtime("mph_gc_push_frame", [context.address(slots), m.i32.const(count)]),
        m.loop(
          "next",
          m.block(null, [
            m.local.set(slot, m.i32.add(m.global.get(LITERALS, i32), m.i32.mul(get(), m.i32.const(8)))),
            m.i32.store(0, 4, slotAddress(), made),
            ...(context.recorded
              ? [context.runtime("mph_record_store", [slotAddress(), m.i32.load(0, 4, slotAddress())])]
              : []),
            m.local.set(i, m.i32.add(get(), m.i32.const(1))),
            m.br("next", m.i32.lt_u(get(), m.i32.const(count))),
          ]),
        ),
      );
    }
    m.addFunction(MAKE, [], none, [i32, i32], m.block(null, code));
  }
}
