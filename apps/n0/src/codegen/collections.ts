/** Arrays, maps, and the bytes of strings. Elements are read and written in the memory, maps by the runtime. */

import { KEY_IDENTITY, KEY_RAW, KEY_STRING, ORDER_BOOL, ORDER_FLOAT, ORDER_INT } from "n0-runtime";
import type { ArrayLiteral, Expression, IndexExpression, MapLiteral } from "../ast.ts";
import type { MapType, Type } from "../types.ts";
import * as wasm from "../wasm/index.ts";
import type { Code } from "./context.ts";
import { codeInLocal, generateExpression } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { isTraced, wasmType } from "./layout.ts";
import { FAIL_INDEX, FAIL_STRING_INDEX } from "./names.ts";
import { evaluate, isNeverNull, required, sequence } from "./operands.ts";
import { storeExpression } from "./structs.ts";
import {
  bits,
  elementOffset,
  failIf,
  failIfNull,
  high,
  low,
  pack,
  requiredCode,
  resultCell,
  typeIdOf,
} from "./values.ts";

/** `a[i]` */
export function generateIndex(builder: FunctionBuilder, expression: IndexExpression): Code {
  switch (expression.object.type.kind) {
    case "array":
      return readElement(builder, expression);
    case "map":
      return readEntry(builder, expression);
    default:
      return readByte(builder, expression);
  }
}

// ------------------------------------------------------------------------------------------------------ arrays

/** `[a, b]`: the array is there before its elements are evaluated, so each goes straight to its place. */
export function generateArrayLiteral(builder: FunctionBuilder, { type, elements }: ArrayLiteral): Code {
  const { context, m } = builder;
  const { target } = context;
  const element = elementOf(type);
  const size = target.sizeOf(element);
  const operands = [m.i32.const(elements.length), m.i32.const(size), m.i32.const(isTraced(element) ? 1 : 0)];
  const made = context.runtime("mph_array_new", operands);
  if (elements.length === 0) return made;
  const array = builder.take(wasm.ref);
  const data = builder.take(wasm.ref);
  const get = (): Code => m.local.get(array, wasm.ref);
  const getData = (): Code => m.local.get(data, wasm.ref);
  const rooted = elements.some((e) => context.effects.of(e));
  const slot = rooted ? builder.takeSlot() : -1;
  const code = [
    rooted ? builder.setRooted(array, slot, type, made) : m.local.set(array, made),
    m.local.set(data, m.ref.load(0, 4, get())),
  ];
  let isYoung = target.isBornYoung(target.dataHeader + elements.length * size);
  elements.forEach((value, i) => {
    const offset = target.dataHeader + i * size;
    isYoung &&= !context.effects.of(value);
    if (isYoung || target.storesPlainly(element)) {
      code.push(storeExpression(builder, element, getData, offset, value));
      return;
    }
    const store = (again: () => Code): Code =>
      target.storeField(builder, element, getData, offset, again, "an element of a literal");
    code.push(codeInLocal(builder, generateExpression(builder, value), wasmType(element), store));
  });
  builder.give(array);
  builder.give(data);
  if (rooted) builder.giveSlot(slot);
  return sequence(builder, code, get(), wasm.ref);
}

function readElement(builder: FunctionBuilder, { object, index, type, line }: IndexExpression): Code {
  const values = evaluate(builder, [
    { expression: object, again: true },
    { expression: index, again: true },
  ]);
  const { before, get } = values;
  before.push(
    ...checkElement(
      builder,
      object,
      () => get(0),
      () => get(1),
      line,
    ),
  );
  const { context, m } = builder;
  const { target } = context;
  const address = m.i32.add(m.ref.load(0, 4, get(0)), elementOffset(m, target.sizeOf(type), get(1)));
  const read = (again: () => Code): Code => target.load(type, again, target.dataHeader);
  const value = target.readsTwice(type) ? codeInLocal(builder, address, wasm.i32, read) : read(() => address);
  values.release();
  return sequence(builder, before, value, wasmType(type));
}

/** `a[i] = v`. Array, index and value are evaluated before anything is checked. */
export function writeElement(builder: FunctionBuilder, target: IndexExpression, value: Expression): Code {
  const { m } = builder;
  const { object, index, line } = target;
  const values = evaluate(builder, [
    { expression: object, again: true },
    { expression: index, again: true },
    { expression: value, again: true },
  ]);
  const { before, get } = values;
  before.push(
    storeElement(
      builder,
      target,
      () => get(0),
      () => get(1),
      () => get(2),
      line,
    ),
  );
  values.release();
  return m.block(null, before);
}

/** Checks and stores; all three are locals or constants. */
export function storeElement(
  builder: FunctionBuilder,
  { object, type }: IndexExpression,
  array: () => Code,
  index: () => Code,
  value: () => Code,
  line: number,
): Code {
  const { context, m } = builder;
  const code = checkElement(builder, object, array, index, line);
  code.push(context.target.storeElement(builder, type, array, index, value, "an element"));
  return m.block(null, code);
}

/** `tambah(xs, x)`: array and value are evaluated before anything is checked, and both live while the array grows. */
export function generateAppend(builder: FunctionBuilder, array: Expression, value: Expression, line: number): Code {
  const { context, m } = builder;
  const element = elementOf(array.type);
  const operands = [
    { expression: array, again: true },
    { expression: value, again: true },
  ];
  const values = evaluate(builder, operands, true);
  const { before, get } = values;
  if (!isNeverNull(array)) before.push(failIfNull(builder, get(0), line));
  const length = (): Code => m.i32.load(8, 4, get(0));
  const { target } = context;
  const full = target.isFull(() => get(0));
  before.push(m.if(full, context.runtime("mph_array_grow", [get(0)])));
  before.push(
    target.storeElement(
      builder,
      element,
      () => get(0),
      () => m.i64.extend_u(length()),
      () => get(1),
      "an appended element",
    ),
    m.i32.store(8, 4, get(0), m.i32.add(length(), m.i32.const(1))),
  );
  if (context.recorded) {
    before.push(context.runtime("mph_record_word", [m.i32.add(get(0), m.i32.const(8)), length()]));
  }
  values.release();
  return m.block(null, before);
}

/** The checks before an element is touched. As an unsigned number a negative index is too large. */
function checkElement(
  builder: FunctionBuilder,
  object: Expression,
  array: () => Code,
  index: () => Code,
  line: number,
): Code[] {
  const { m } = builder;
  const outside = m.i64.ge_u(index(), m.i64.load(8, 8, array()));
  const bounds = failIf(builder, outside, FAIL_INDEX, line);
  return isNeverNull(object) ? [bounds] : [failIfNull(builder, array(), line), bounds];
}

function elementOf(type: Type): Type {
  if (type.kind !== "array") throw new Error(`expected an array, got ${type.kind}`);
  return type.element;
}

// ------------------------------------------------------------------------------------------------------- maps

/** `{k: v}` */
export function generateMapLiteral(builder: FunctionBuilder, { type, entries, line }: MapLiteral): Code {
  const { context, m } = builder;
  const { key, value } = mapType(type);
  const made = context.runtime("mph_map_new", [m.i32.const(keyKind(key)), m.i32.const(isTraced(value) ? 1 : 0)]);
  if (entries.length === 0) return made;
  const map = builder.take(wasm.ref);
  const get = (): Code => m.local.get(map, wasm.ref);
  const boxes = isBoxed(builder, value);
  const rooted = boxes || entries.some((entry) => context.effects.of(entry.key) || context.effects.of(entry.value));
  const slot = rooted ? builder.takeSlot() : -1;
  const code = [rooted ? builder.setRooted(map, slot, type, made) : m.local.set(map, made)];
  for (const entry of entries) {
    const values = evaluate(builder, [{ expression: entry.key }, { expression: entry.value, again: boxes }], boxes);
    const keyCode = values.get(0);
    code.push(...values.before);
    code.push(
      setEntry(builder, mapType(type), get(), requiredKey(builder, entry.key, keyCode, line), () => values.get(1)),
    );
    values.release();
  }
  builder.give(map);
  if (rooted) builder.giveSlot(slot);
  return sequence(builder, code, get(), wasm.ref);
}

function readEntry(builder: FunctionBuilder, { object, index, type, line }: IndexExpression): Code {
  const { context, m } = builder;
  const values = evaluate(builder, [{ expression: object }, { expression: index }]);
  const map = required(builder, object, () => values.get(0), line);
  const key = requiredKey(builder, index, values.get(1), line);
  const code = values.before;
  code.push(m.drop(context.runtime("mph_map_get", [map, ...keyBits(builder, index.type, key)])));
  values.release();
  if (!isBoxed(builder, type)) return sequence(builder, code, resultCell(context, type), wasmType(type));
  return sequence(builder, code, unbox(builder, m.i32.load(0, 4, context.result())), wasm.pair);
}

/** `m[k] = v` */
export function writeEntry(builder: FunctionBuilder, target: IndexExpression, value: Expression): Code {
  const { m } = builder;
  const { object, index, line } = target;
  const type = mapType(object.type);
  const boxes = isBoxed(builder, type.value);
  const operands = [{ expression: object }, { expression: index }, { expression: value, again: boxes }];
  const values = evaluate(builder, operands, boxes);
  const map = required(builder, object, () => values.get(0), line);
  const key = requiredKey(builder, index, values.get(1), line);
  const code = values.before;
  code.push(setEntry(builder, type, map, key, () => values.get(2)));
  values.release();
  return m.block(null, code);
}

/** Stores an entry. Only a value that is boxed is read more than once. */
export function setEntry(builder: FunctionBuilder, type: MapType, map: Code, key: Code, value: () => Code): Code {
  const { context, m } = builder;
  const operands = [map, ...keyBits(builder, type.key, key)];
  if (!isBoxed(builder, type.value)) {
    return context.runtime("mph_map_set", [...operands, ...bits(builder, type.value, value())]);
  }
  const vtable = (): Code => high(m, value());
  const box = context.runtime("mph_interface_box", [low(m, value()), vtable(), typeIdOf(m, vtable)]);
  const boxed = m.if(m.i64.eqz(value()), m.i32.const(0), box);
  return context.runtime("mph_map_set", [...operands, boxed, m.i32.const(0)]);
}

/** Whether a map's value is a box. */
function isBoxed({ context }: FunctionBuilder, { kind }: Type): boolean {
  return kind === "interface" && context.target.boxesInterfaces;
}

/** The interface value in a box; null is the interface null. */
function unbox(builder: FunctionBuilder, box: Code): Code {
  const { m } = builder;
  return codeInLocal(builder, box, wasm.i32, (get) =>
    m.if(get(), pack(m, m.i32.load(0, 4, get()), m.i32.load(8, 4, get())), m.i64.const(0n)),
  );
}

/** `hapus(m, k)` */
export function generateDelete(builder: FunctionBuilder, map: Expression, key: Expression, line: number): Code {
  return ofMapAndKey(builder, "mph_map_delete", map, key, line, wasm.none);
}

/** `punya(m, k)` */
export function generateHas(builder: FunctionBuilder, map: Expression, key: Expression, line: number): Code {
  return ofMapAndKey(builder, "mph_map_get", map, key, line, wasm.i32);
}

function ofMapAndKey(
  builder: FunctionBuilder,
  name: string,
  map: Expression,
  key: Expression,
  line: number,
  result: wasm.Type,
): Code {
  const values = evaluate(builder, [{ expression: map }, { expression: key }]);
  const mapCode = required(builder, map, () => values.get(0), line);
  const keyCode = requiredKey(builder, key, values.get(1), line);
  const call = builder.context.runtime(name, [mapCode, ...keyBits(builder, mapType(map.type).key, keyCode)]);
  values.release();
  return sequence(builder, values.before, call, result);
}

/** `kunci(m)` */
export function generateKeys(builder: FunctionBuilder, map: Expression, line: number): Code {
  const { context, m } = builder;
  const { kind } = mapType(map.type).key;
  const order = kind === "bool" ? ORDER_BOOL : kind === "float" ? ORDER_FLOAT : ORDER_INT;
  const value = required(builder, map, () => generateExpression(builder, map), line);
  return context.runtime("mph_map_keys", [value, m.i32.const(order)]);
}

/** A string key must not be null: its content counts. */
function requiredKey(builder: FunctionBuilder, key: Expression, code: Code, line: number): Code {
  return key.type.kind !== "string" || isNeverNull(key) ? code : requiredCode(builder, code, line);
}

/** A key's 64 bits; of an interface its instance. */
function keyBits(builder: FunctionBuilder, type: Type, key: Code): [Code, Code] {
  if (type.kind === "interface") return [low(builder.m, key), builder.m.i32.const(0)];
  return bits(builder, type, key);
}

function keyKind(type: Type): number {
  if (type.kind === "string") return KEY_STRING;
  return isTraced(type) ? KEY_IDENTITY : KEY_RAW;
}

function mapType(type: Type): MapType {
  if (type.kind !== "map") throw new Error(`expected a map, got ${type.kind}`);
  return type;
}

// ------------------------------------------------------------------------------------------------------ strings

/** `s[i]`, a signed byte. The byte behind the last one is there, and 0. */
function readByte(builder: FunctionBuilder, { object, index, line }: IndexExpression): Code {
  const { m } = builder;
  const values = evaluate(builder, [
    { expression: object, again: true },
    { expression: index, again: true },
  ]);
  const { before, get } = values;
  if (!isNeverNull(object)) before.push(failIfNull(builder, get(0), line));
  const { target } = builder.context;
  before.push(failIf(builder, target.isOutside(get(0), get(1)), FAIL_STRING_INDEX, line));
  const address = m.i32.add(target.stringBytes(get(0)), m.i32.wrap(get(1)));
  const value = m.i64.load8_s(target.dataHeader, 1, address);
  values.release();
  return sequence(builder, before, value, wasm.i64);
}
