/** The encoder of WebAssembly modules. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ByteSink } from "../src/wasm/bytes.ts";
import { type Code, f64, i32, i64, Module, none, type Type } from "../src/wasm/index.ts";

/** A module with one function that gives a value. */
function moduleOf(type: Type, make: (m: Module) => Code, locals: readonly Type[] = []): Uint8Array<ArrayBuffer> {
  const m = new Module();
  m.addFunction("f", [], type, locals, make(m));
  m.exportFunction("f");
  return m.emit();
}

function resultOf(type: Type, make: (m: Module) => Code, locals: readonly Type[] = []): unknown {
  const env = { memory: new WebAssembly.Memory({ initial: 1, maximum: 65536 }) };
  const module = new WebAssembly.Module(moduleOf(type, make, locals));
  return (new WebAssembly.Instance(module, { env }).exports.f as () => unknown)();
}

describe("numbers", () => {
  test("every int of 32 and 64 bits and every float comes back", () => {
    fc.assert(
      fc.property(fc.integer(), (value) =>
        Object.is(
          resultOf(i32, (m) => m.i32.const(value)),
          value,
        ),
      ),
    );
    const ints = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
    fc.assert(
      fc.property(ints, (value) =>
        Object.is(
          resultOf(i64, (m) => m.i64.const(value)),
          value,
        ),
      ),
    );
    fc.assert(
      fc.property(fc.double(), (value) =>
        Object.is(
          resultOf(f64, (m) => m.f64.const(value)),
          value,
        ),
      ),
    );
    for (const value of [0, -0, Number.POSITIVE_INFINITY, Number.NaN]) {
      expect(resultOf(f64, (m) => m.f64.const(value))).toBe(value);
    }
  });

  test.each([0, 1, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 40])("%d without sign", (value) => {
    const sink = new ByteSink();
    sink.unsigned(value);
    const decoded = sink.view().reduceRight((sum, byte) => sum * 128 + (byte & 127), 0);
    expect(decoded).toBe(value);
    expect(sink.view().at(-1)! < 128).toBe(true);
  });
});

describe("control", () => {
  test("locals of one type stand together, whatever their order", () => {
    const locals = [i32, f64, i32, i64, f64];
    const value = resultOf(
      f64,
      (m) =>
        m.block(
          null,
          [
            m.local.set(0, m.i32.const(1)),
            m.local.set(1, m.f64.const(2)),
            m.local.set(2, m.i32.const(3)),
            m.local.set(3, m.i64.const(4n)),
            m.local.set(4, m.f64.const(5)),
            m.f64.mul(
              m.f64.add(m.local.get(1, f64), m.local.get(4, f64)),
              m.f64.convert_s.i64(
                m.i64.add(m.local.get(3, i64), m.i64.extend_s(m.i32.add(m.local.get(0, i32), m.local.get(2, i32)))),
              ),
            ),
          ],
          f64,
        ),
      locals,
    );
    expect(value).toBe(56);
  });

  test("branches find their label through ifs, blocks and loops", () => {
    const count = (m: Module): Code =>
      m.block(
        null,
        [
          m.block("out", [
            m.loop(
              "next",
              m.block(null, [
                m.local.set(0, m.i32.add(m.local.get(0, i32), m.i32.const(1))),
                m.if(m.i32.eq(m.local.get(0, i32), m.i32.const(10)), m.br("out")),
                m.br("next"),
              ]),
            ),
          ]),
          m.local.get(0, i32),
        ],
        i32,
      );
    expect(resultOf(i32, count, [i32])).toBe(10);
  });

  test("what does not go on may stand where a value is wanted", () => {
    for (const make of [
      (m: Module): Code => m.if(m.i32.const(1), m.i32.const(7), m.unreachable()),
      (m: Module): Code => m.if(m.i32.const(0), m.unreachable(), m.i32.const(7)),
      (m: Module): Code => m.i32.add(m.i32.const(1), m.return(m.i32.const(7))),
      (m: Module): Code =>
        m.block(null, [m.if(m.i32.const(1), m.return(m.i32.const(7)), m.return(m.i32.const(8))), m.i32.const(9)], i32),
      (m: Module): Code => m.block(null, [m.loop("l", m.block(null, [m.return(m.i32.const(7)), m.br("l")]))], i32),
    ]) {
      expect(resultOf(i32, make)).toBe(7);
    }
  });
});

test("functions are found by name, in whatever order they are added, and have names for debuggers", () => {
  const m = new Module();
  m.addFunction("a", [], i32, [], m.call("b", [m.i32.const(20)], i32));
  m.addFunctionImport("double", "env", [i32], i32);
  m.addFunction("b", [i32], i32, [], m.callIndirect(m.i32.const(1), [m.local.get(0, i32)], [i32], i32));
  m.setTable(["double"]);
  m.describeFunction("a", "shown");
  m.exportFunction("a");
  const module = new WebAssembly.Module(m.emit());
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const instance = new WebAssembly.Instance(module, { env: { memory, double: (value: number) => value * 2 } });
  expect((instance.exports.a as () => number)()).toBe(40);
  expect(m.functionIndexes()).toEqual(
    new Map([
      ["a", 1],
      ["b", 2],
    ]),
  );
  const [names] = WebAssembly.Module.customSections(module, "name");
  expect(new TextDecoder("latin1").decode(names)).toContain("shown");
});

test("data lies where an imported global says", () => {
  const m = new Module();
  m.addGlobalImport("base", "env");
  m.setData("base", new Uint8Array([1, 2, 3]));
  m.addFunction("nothing", [], none, [], m.block(null, []));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  new WebAssembly.Instance(new WebAssembly.Module(m.emit()), { env: { memory, base: 100 } });
  expect([...new Uint8Array(memory.buffer, 99, 5)]).toEqual([0, 1, 2, 3, 0]);
});
