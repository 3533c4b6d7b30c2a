/** Generates statements: code without a value. */
import type {
  AssignStatement,
  Block,
  Expression,
  IfExpression,
  ReturnStatement,
  Statement,
  SwitchStatement,
  VarStatement,
  WhileExpression,
} from "../ast.ts";
import type { VariableSymbol } from "../symbols.ts";
import type { InterfaceType, StructType, Type } from "../types.ts";
import { generateCall } from "./calls.ts";
import { setEntry, storeElement, writeElement, writeEntry } from "./collections.ts";
import { type Code, zero } from "./context.ts";
import { codeInLocal, generateExpression } from "./expressions.ts";
import type { FunctionBuilder } from "./function-builder.ts";
import { convert } from "./interfaces.ts";
import { wasmType } from "./layout.ts";
import { evaluate, isNeverNull, type Operand } from "./operands.ts";
import { compare } from "./operators.ts";
import { structLayout } from "./structs.ts";
import { generateTurn } from "./threads.ts";
import { failIfNull } from "./values.ts";
import { setSymbol } from "./variables.ts";

/** Where `berhenti` and `lanjut` go, by the statement they leave. */
export type Targets = Map<WhileExpression | SwitchStatement, { readonly out: string; readonly next: string | null }>;

/** Where statements stand. */
export interface Scope {
  readonly builder: FunctionBuilder;
  readonly targets: Targets;
  /** Whether the statements stand at the top level. */
  readonly isStart: boolean;
}

/** The statements of a block. */
export function generateBlock(scope: Scope, block: Block): Code {
  const { builder } = scope;
  builder.openScope();
  const code = block.statements.flatMap((statement) => generateStatement(scope, statement));
  builder.closeScope();
  return builder.m.block(null, code);
}

/** One statement; declarations are nothing. */
export function generateStatement(scope: Scope, statement: Statement): Code[] {
  const { builder, targets } = scope;
  const { m } = builder;
  m.line = statement.line;
  switch (statement.kind) {
    case "var":
      return [generateVar(builder, statement)];
    case "assign":
      return [generateAssign(builder, statement)];
    case "return":
      return [scope.isStart ? endStart(builder, statement) : generateReturn(builder, statement)];
    case "switch":
      return [generateSwitch(scope, statement)];
    case "break":
      return statement.target === null ? [] : [m.br(targets.get(statement.target)!.out)];
    case "continue":
      return statement.target === null ? [] : [m.br(targets.get(statement.target)!.next!)];
    case "expression":
      if (statement.declares !== null) return [];
      return [generateExpressionStatement(scope, statement.expression)];
    default:
      return [];
  }
}

function generateExpressionStatement(scope: Scope, expression: Expression): Code {
  const { builder } = scope;
  const { m } = builder;
  if (expression.kind === "if") return generateIf(scope, expression);
  if (expression.kind === "while") return generateWhile(scope, expression);
  const code = generateExpression(builder, expression);
  return expression.type.kind === "void" ? code : m.drop(code);
}

// ---------------------------------------------------------------------------------------------------- control

/** Branches stand one after the other, not inside each other, so there may be any number. */
function generateIf(scope: Scope, { branches, otherwise }: IfExpression): Code {
  const { builder } = scope;
  const { m } = builder;
  const [first] = branches;
  if (branches.length === 1 && first !== undefined) {
    const condition = generateExpression(builder, first.condition);
    const body = generateBlock(scope, first.body);
    return otherwise === null ? m.if(condition, body) : m.if(condition, body, generateBlock(scope, otherwise));
  }
  const end = builder.label("end");
  const code = branches.map(({ condition, body }) => {
    const test = generateExpression(builder, condition);
    return m.if(test, m.block(null, [generateBlock(scope, body), m.br(end)]));
  });
  if (otherwise !== null) code.push(generateBlock(scope, otherwise));
  return m.block(end, code);
}

function generateWhile(scope: Scope, loop: WhileExpression): Code {
  const { builder, targets } = scope;
  const { m } = builder;
  const out = builder.label("out");
  const next = builder.label("next");
  targets.set(loop, { out, next });
  const condition = generateExpression(builder, loop.condition);
  const body = generateBlock(scope, loop.body);
  const turn = m.block(null, [...generateTurn(builder), m.br(out, m.i32.eqz(condition)), body, m.br(next)]);
  return m.block(out, [m.loop(next, turn)]);
}

/** The value is compared with one case after the other. */
function generateSwitch(scope: Scope, statement: SwitchStatement): Code {
  const { builder, targets } = scope;
  const { context, m } = builder;
  const { value, cases, otherwise } = statement;
  const out = builder.label("out");
  targets.set(statement, { out, next: null });
  const { type } = value;
  const wasm = wasmType(type);
  const rooted = type.kind === "string" && cases.some(({ values }) => values.some((e) => context.effects.of(e)));
  const local = builder.take(wasm);
  const slot = rooted ? builder.takeSlot() : -1;
  const get = (): Code => m.local.get(local, wasm);
  const first = generateExpression(builder, value);
  const code = [rooted ? builder.setRooted(local, slot, type, first) : m.local.set(local, first)];
  const tests: [Code, Block][] = cases.map(({ values, body }) => {
    let test: Code | null = null;
    for (const candidate of values) {
      const equal = compare(builder, type, get(), generateExpression(builder, candidate), true);
      test = test === null ? equal : m.if(test, m.i32.const(1), equal);
    }
    return [test ?? m.i32.const(0), body];
  });
  // The bodies may use the local and the slot again: the value is not needed any more.
  builder.give(local);
  if (rooted) builder.giveSlot(slot);
  for (const [test, body] of tests) code.push(m.if(test, m.block(null, [generateBlock(scope, body), m.br(out)])));
  if (otherwise !== null) code.push(generateBlock(scope, otherwise));
  return m.block(out, code);
}

// ---------------------------------------------------------------------------------------------------- returns

/** A return at the top level: `main` is not called either. */
function endStart(builder: FunctionBuilder, { values }: ReturnStatement): Code {
  const { m } = builder;
  const code = values.map((value) => {
    const evaluated = generateExpression(builder, value);
    return value.type.kind === "void" ? evaluated : m.drop(evaluated);
  });
  return m.block(null, [...code, builder.leave(m.i32.const(1))]);
}

function generateReturn(builder: FunctionBuilder, { values, convertTo }: ReturnStatement): Code {
  const { m, results } = builder;
  const [only] = values;
  if (only === undefined) return builder.leave(null);
  if (values.length > 1) return returnSeveral(builder, values);
  if (results.length === 0) return m.block(null, [generateExpression(builder, only), builder.leave(null)]);
  if (only.type.kind !== "tuple") return builder.leave(generateExpression(builder, only));
  return forwardTuple(builder, only, only.type.elements, convertTo);
}

function returnSeveral(builder: FunctionBuilder, values: readonly Expression[]): Code {
  const { context, m, results } = builder;
  const evaluated = evaluate(
    builder,
    values.map((expression) => ({ expression, again: true })),
  );
  const code = evaluated.before;
  for (let i = 1; i < values.length; i++) {
    code.push(m.global.set(context.returnGlobal(i, results[i]!).name, evaluated.get(i)));
  }
  code.push(builder.leave(evaluated.get(0)));
  evaluated.release();
  return m.block(null, code);
}

/** `kembalikan f()` where f returns a tuple: its parts are where they have to be, unless they are converted. */
function forwardTuple(
  builder: FunctionBuilder,
  call: Expression,
  parts: readonly Type[],
  convertTo: readonly (InterfaceType | null)[],
): Code {
  const { context, m, results } = builder;
  const first = generateExpression(builder, call);
  if (!convertTo.some((type) => type !== null)) return builder.leave(first);
  return codeInLocal(builder, first, wasmType(parts[0]!), (get) => {
    const code: Code[] = [];
    parts.forEach((part, i) => {
      const target = convertTo[i] ?? null;
      if (i === 0 || target === null) return;
      const value = convert(builder, tuplePart(builder, i, part), part as StructType, target);
      code.push(m.global.set(context.returnGlobal(i, results[i]!).name, value));
    });
    const target = convertTo[0] ?? null;
    code.push(builder.leave(target === null ? get() : convert(builder, get(), parts[0] as StructType, target)));
    return m.block(null, code);
  });
}

/** The i-th part of the tuple that the last call returned, from 1 on. */
function tuplePart(builder: FunctionBuilder, i: number, part: Type): Code {
  const { name, type } = builder.context.returnGlobal(i, part);
  return builder.m.global.get(name, type);
}

// -------------------------------------------------------------------------------------- variables, assignments

function generateVar(builder: FunctionBuilder, { names, values }: VarStatement): Code {
  const { m } = builder;
  const symbols = names.map(({ symbol }) => symbol!);
  if (values.length === 0) {
    return m.block(
      null,
      symbols.map((symbol) => setSymbol(builder, symbol, zero(m, symbol.type))),
    );
  }
  const [only] = values as [Expression];
  if (values.length === symbols.length) {
    if (values.length === 1) return setSymbol(builder, symbols[0]!, generateExpression(builder, only));
    const evaluated = evaluate(
      builder,
      values.map((expression) => ({ expression, again: true, copy: true })),
    );
    const code = evaluated.before;
    symbols.forEach((symbol, i) => {
      code.push(setSymbol(builder, symbol, evaluated.get(i)));
    });
    evaluated.release();
    return m.block(null, code);
  }
  const convertTo = names.map((name) => name.convertTo);
  return unpack(builder, symbols, only, convertTo);
}

/** Stores the parts of a tuple. Nothing allocates between the call and the last store. */
function unpack(
  builder: FunctionBuilder,
  symbols: readonly VariableSymbol[],
  call: Expression,
  convertTo: readonly (InterfaceType | null)[],
): Code {
  const { m } = builder;
  if (call.type.kind !== "tuple") throw new Error(`expected several values, got ${call.type.kind}`);
  const { elements } = call.type;
  const first = call.kind === "call" ? generateCall(builder, call) : generateExpression(builder, call);
  const code = symbols.map((symbol, i) => {
    const part = elements[i]!;
    const value = i === 0 ? first : tuplePart(builder, i, part);
    const target = convertTo[i] ?? null;
    return setSymbol(builder, symbol, target === null ? value : convert(builder, value, part as StructType, target));
  });
  return m.block(null, code);
}

function generateAssign(builder: FunctionBuilder, statement: AssignStatement): Code {
  const { targets, values, convertTo } = statement;
  const [target, value] = [targets[0]!, values[0]!];
  if (targets.length === 1) return assignOne(builder, target, value);
  if (values.length > 1) return assignSeveral(builder, targets, values);
  return unpack(builder, targets.map(variableOf), value, convertTo);
}

function assignOne(builder: FunctionBuilder, target: Expression, value: Expression): Code {
  if (target.kind === "index") {
    return target.object.type.kind === "map"
      ? writeEntry(builder, target, value)
      : writeElement(builder, target, value);
  }
  if (!isField(target)) return setSymbol(builder, variableOf(target), generateExpression(builder, value));
  const { m } = builder;
  const values = evaluate(builder, [
    { expression: target.object, again: true },
    { expression: value, again: true },
  ]);
  const code = values.before;
  code.push(
    ...storeField(
      builder,
      target,
      () => values.get(0),
      () => values.get(1),
    ),
  );
  values.release();
  return m.block(null, code);
}

/** `a, b = x, y`: everything is evaluated from left to right, then everything is stored. */
function assignSeveral(builder: FunctionBuilder, targets: readonly Expression[], values: readonly Expression[]): Code {
  const { m } = builder;
  const operands: Operand[] = [];
  const add = (expression: Expression): number => operands.push({ expression, again: true, copy: true }) - 1;
  const places = targets.map((target) => {
    if (target.kind === "index") return [add(target.object), add(target.index)];
    return isField(target) ? [add(target.object)] : [];
  });
  const first = operands.length;
  values.forEach(add);
  // A store into a map may allocate while later values still wait.
  const held = targets.some((target) => target.kind === "index" && target.object.type.kind === "map");
  const evaluated = evaluate(builder, operands, held);
  const code = evaluated.before;
  targets.forEach((target, i) => {
    const value = (): Code => evaluated.get(first + i);
    const [object, index] = places[i] as [number, number];
    if (target.kind === "index") {
      const { object: owner } = target;
      if (owner.type.kind === "map") {
        code.push(failIfNull(builder, evaluated.get(object), target.line));
        if (owner.type.key.kind === "string") code.push(failIfNull(builder, evaluated.get(index), target.line));
        code.push(setEntry(builder, owner.type, evaluated.get(object), evaluated.get(index), value));
      } else {
        const [getArray, getIndex] = [() => evaluated.get(object), () => evaluated.get(index)];
        code.push(storeElement(builder, target, getArray, getIndex, value, target.line));
      }
    } else if (isField(target)) {
      code.push(...storeField(builder, target, () => evaluated.get(object), value));
    } else {
      code.push(setSymbol(builder, variableOf(target), value()));
    }
  });
  evaluated.release();
  return m.block(null, code);
}

type FieldTarget = Extract<Expression, { kind: "member" }>;

function isField(target: Expression): target is FieldTarget {
  return target.kind === "member" && target.member!.kind === "field";
}

/** Object and value are locals or constants. */
function storeField(builder: FunctionBuilder, target: FieldTarget, object: () => Code, value: () => Code): Code[] {
  const { member } = target;
  if (member?.kind !== "field") throw new Error("expected a field");
  const { struct, field } = member;
  const code = isNeverNull(target.object) ? [] : [failIfNull(builder, object(), target.line)];
  const { context } = builder;
  const offset = structLayout(context, struct).offsets[field.index]!;
  code.push(context.target.storeField(builder, field.type, object, offset, value, "a field"));
  return code;
}

/** The variable that an identifier or a member of a module names. */
function variableOf(target: Expression): VariableSymbol {
  const symbol = target.kind === "member" && target.member?.kind === "module" ? target.member.symbol : null;
  const found = target.kind === "identifier" ? target.symbol : symbol;
  if (found?.kind !== "global" && found?.kind !== "local" && found?.kind !== "capture") {
    throw new Error("expected a variable");
  }
  return found;
}
