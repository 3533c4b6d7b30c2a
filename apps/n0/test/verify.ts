import type { Expression, Program, Statement } from "../src/ast.ts";
import { hasUnknown, type Type, typeName } from "../src/types.ts";

/** Throws when a checked program breaks what `src/ast.ts` promises to the generator. */
export function verify(program: Program): void {
  for (const module of program.modules) {
    for (const statement of module.statements) verifyStatement(statement);
    for (const { name, type } of [...module.globals, ...module.locals]) known(type, name);
    for (const literal of module.closures) for (const { name, type } of literal.captures) known(type, name);
    for (const struct of module.structs) for (const { name, type } of struct.fields) known(type, name);
  }
}

function known(type: Type, where: string): void {
  if (hasUnknown(type)) throw new Error(`${where} has type ${typeName(type)}`);
}

function verifyStatement(statement: Statement): void {
  const where = `${statement.kind} at ${statement.line}:${statement.column}`;
  switch (statement.kind) {
    case "var": {
      for (const { name, symbol } of statement.names) {
        if (symbol === null) throw new Error(`${where}: ${name} has no symbol`);
        known(symbol.type, name);
      }
      verifyValues(where, statement.values, statement.names.length);
      return;
    }
    case "assign":
      for (const target of statement.targets) verifyExpression(target);
      verifyValues(where, statement.values, statement.targets.length);
      return;
    case "return":
      if (statement.values.length === 1) verifyExpression(statement.values[0]!);
      else statement.values.forEach(verifyValue);
      return;
    case "expression":
      verifyExpression(statement.expression, true);
      return;
    case "switch":
      verifyValue(statement.value);
      for (const { values, body } of statement.cases) {
        values.forEach(verifyValue);
        body.statements.forEach(verifyStatement);
      }
      statement.otherwise?.statements.forEach(verifyStatement);
      return;
  }
}

function verifyValues(where: string, values: readonly Expression[], targets: number): void {
  if (values.length !== 1 || targets === 1) {
    values.forEach(verifyValue);
    return;
  }
  const { type } = values[0]!;
  if (type.kind !== "tuple" || type.elements.length !== targets) throw new Error(`${where} takes a ${typeName(type)}`);
  verifyExpression(values[0]!);
}

function verifyValue(expression: Expression): void {
  const { kind, type, line, column } = expression;
  if (type.kind === "void" || type.kind === "tuple" || type.kind === "module") {
    throw new Error(`${kind} at ${line}:${column} is a value of type ${typeName(type)}`);
  }
  verifyExpression(expression);
}

function verifyExpression(expression: Expression, dropped = false): void {
  const where = `${expression.kind} at ${expression.line}:${expression.column}`;
  known(expression.type, where);
  switch (expression.kind) {
    case "interpolated":
      expression.parts.forEach(verifyValue);
      return;
    case "array":
      expression.elements.forEach(verifyValue);
      return;
    case "map":
      for (const { key, value } of expression.entries) {
        verifyValue(key);
        verifyValue(value);
      }
      return;
    case "struct":
      for (const { name, field, value } of expression.fields) {
        if (field === null) throw new Error(`${where}: ${name} is no field`);
        verifyValue(value);
      }
      return;
    case "function":
      if (expression.signature === null) throw new Error(`${where} has no signature`);
      known(expression.signature, where);
      for (const { name, type } of expression.locals) known(type, name);
      for (const { name, symbol } of expression.parameters) {
        if (symbol === null && expression.body !== null) throw new Error(`${where}: ${name} has no symbol`);
      }
      expression.body?.statements.forEach(verifyStatement);
      return;
    case "identifier":
      if (expression.symbol === null) throw new Error(`${where} has no symbol`);
      if (!["global", "local", "capture", "function"].includes(expression.symbol.kind)) {
        throw new Error(`${where} is a ${expression.symbol.kind}`);
      }
      return;
    case "member":
      if (expression.member?.kind === "module") {
        const { kind } = expression.member.symbol;
        if (kind !== "global" && kind !== "function") throw new Error(`${where} is a ${kind}`);
        return;
      }
      if (expression.member?.kind !== "field") throw new Error(`${where} is no field`);
      verifyValue(expression.object);
      return;
    case "index":
      verifyValue(expression.object);
      verifyValue(expression.index);
      return;
    case "call": {
      const { target, callee } = expression;
      if (target === null) throw new Error(`${where} has no target`);
      if (target.kind === "closure") verifyValue(callee);
      if (target.kind === "method" || target.kind === "interfaceMethod") verifyValue(target.receiver);
      const values =
        target.kind === "builtin" && target.name === "assert" ? expression.arguments.slice(0, 1) : expression.arguments;
      values.forEach(verifyValue);
      return;
    }
    case "prefix":
      if (expression.operator === "&" || expression.operator === "*") throw new Error(`${where} is a pointer`);
      verifyValue(expression.operand);
      return;
    case "binary":
      verifyValue(expression.left);
      verifyValue(expression.right);
      // A variable declared with `kosong` may be compared with whatever can be null.
      if (
        [expression.left, expression.right].every(({ type }) => type.kind !== "null") &&
        typeName(expression.left.type) !== typeName(expression.right.type)
      ) {
        throw new Error(`${where}: ${typeName(expression.left.type)} and ${typeName(expression.right.type)}`);
      }
      return;
    case "if":
    case "while": {
      if (!dropped) throw new Error(`${where} is a value`);
      const branches = expression.kind === "if" ? expression.branches : [expression];
      for (const { condition, body } of branches) {
        if (condition.type.kind !== "bool") throw new Error(`${where} asks a ${typeName(condition.type)}`);
        verifyValue(condition);
        body.statements.forEach(verifyStatement);
      }
      if (expression.kind === "if") expression.otherwise?.statements.forEach(verifyStatement);
      return;
    }
    case "convert":
      if (expression.value.type.kind !== "struct")
        throw new Error(`${where} converts a ${typeName(expression.value.type)}`);
      verifyValue(expression.value);
      return;
  }
}
