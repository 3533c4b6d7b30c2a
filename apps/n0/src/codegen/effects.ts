/**
 * Which expressions and functions may allocate, directly or through what they call. An allocation may collect, so only
 * across these a pointer has to lie where the collector looks. What may suspend a Morph thread counts too: the others
 * allocate meanwhile.
 */
import type { Block, CallExpression, Expression, FunctionLiteral, Program, Statement } from "../ast.ts";
import { nativeAllocates } from "../natives.ts";

/** The answers for one program. Each expression is looked at once. */
export class Effects {
  private readonly threads: boolean;
  private readonly literalsEachTime: boolean;
  private readonly functions: Set<FunctionLiteral> = new Set();
  private readonly expressions: Map<Expression, boolean> = new Map();

  /** O(size of the program). */
  constructor(program: Program, literalsEachTime: boolean) {
    this.threads = program.usesThreads;
    this.literalsEachTime = literalsEachTime;
    this.findAllocatingFunctions(program);
  }

  /** Whether a call of the function may allocate. */
  ofFunction(literal: FunctionLiteral): boolean {
    return this.functions.has(literal);
  }

  /** Whether evaluating the expression may allocate. */
  of(expression: Expression): boolean {
    let answer = this.expressions.get(expression);
    if (answer === undefined) {
      answer =
        this.itself(expression, (callee) => this.functions.has(callee)) || children(expression).some((e) => this.of(e));
      this.expressions.set(expression, answer);
    }
    return answer;
  }

  /** Functions that allocate themselves, then, until there are no more, those that call one. */
  private findAllocatingFunctions({ modules }: Program): void {
    const callers = new Map<FunctionLiteral, FunctionLiteral[]>();
    const pending: FunctionLiteral[] = [];
    const mark = (literal: FunctionLiteral): void => {
      if (this.functions.has(literal)) return;
      this.functions.add(literal);
      pending.push(literal);
    };
    const literals = modules.flatMap(({ functions, methods, closures }) => [
      ...functions.map(({ declaration }) => declaration),
      ...methods.map(({ declaration }) => declaration),
      ...closures,
    ]);
    for (const literal of literals) {
      if (literal.body === null) continue;
      const visit = (expression: Expression): void => {
        const found = this.itself(expression, (callee) => {
          const list = callers.get(callee);
          if (list === undefined) callers.set(callee, [literal]);
          else list.push(literal);
          return false;
        });
        if (found) mark(literal);
        for (const child of children(expression)) visit(child);
      };
      const visitor: Visitor = {
        expression: visit,
        mapStore: () => mark(literal),
        loop: () => {
          if (this.threads) mark(literal);
        },
      };
      visitBlock(literal.body, visitor);
    }
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) callers.get(next)?.forEach(mark);
  }

  /** Whether the expression may allocate once its parts are evaluated. */
  private itself(expression: Expression, calls: (callee: FunctionLiteral) => boolean): boolean {
    switch (expression.kind) {
      case "string":
        return this.literalsEachTime;
      case "array":
      case "map":
      case "struct":
        return true;
      case "interpolated":
        return expression.parts.length > 1;
      case "function":
        return true;
      case "identifier":
        return expression.symbol?.kind === "function";
      case "member":
        return expression.member?.kind === "module" && expression.member.symbol.kind === "function";
      case "binary":
        return expression.operator === "+" && (expression.type.kind === "string" || expression.type.kind === "array");
      case "call":
        return this.callAllocates(expression, calls);
      default:
        return false;
    }
  }

  private callAllocates(call: CallExpression, calls: (callee: FunctionLiteral) => boolean): boolean {
    const target = call.target!;
    switch (target.kind) {
      case "function": {
        const { native, declaration } = target.function;
        if (native === null) return calls(declaration);
        return native === "time_Sleep" ? this.threads : nativeAllocates(native);
      }
      case "method":
        return calls(target.method.declaration);
      case "conversion":
        return target.to.kind === "error" && target.from.kind === "string";
      case "builtin":
        switch (target.name) {
          case "trim":
          case "split":
          case "substring":
          case "hapus":
          case "kunci":
          case "tambah":
            return true;
          case "kirim":
          case "terima":
            return this.threads;
          default:
            return false;
        }
      default:
        return true;
    }
  }
}

/** The expressions that are evaluated as parts of this one, in order; the body of a closure is not among them. */
export function children(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case "interpolated":
      return expression.parts;
    case "array":
      return expression.elements;
    case "map":
      return expression.entries.flatMap(({ key, value }) => [key, value]);
    case "struct":
      return expression.fields.map(({ value }) => value);
    case "member":
      return expression.member?.kind === "module" ? [] : [expression.object];
    case "index":
      return [expression.object, expression.index];
    case "call":
      return callParts(expression);
    case "prefix":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    case "convert":
      return [expression.value];
    default:
      return [];
  }
}

function callParts(call: CallExpression): readonly Expression[] {
  const target = call.target!;
  switch (target.kind) {
    case "method":
    case "interfaceMethod":
      return [target.receiver, ...call.arguments];
    case "closure":
      return [call.callee, ...call.arguments];
    case "builtin":
      // The type that `assert` names and the function that `luncurkan` starts are no values.
      if (target.name === "assert") return call.arguments.slice(0, 1);
      if (target.name === "luncurkan") return call.arguments.slice(1);
      return call.arguments;
    default:
      return call.arguments;
  }
}

/** Told of what a block does. */
interface Visitor {
  /** An expression that a statement evaluates; its parts are the visitor's to find. */
  readonly expression: (expression: Expression) => void;
  /** A map's element is assigned: the map may grow. */
  readonly mapStore: () => void;
  /** A loop, whose turns let other Morph threads run. */
  readonly loop: () => void;
}

function visitBlock(block: Block, visitor: Visitor): void {
  for (const statement of block.statements) visitStatement(statement, visitor);
}

function visitStatement(statement: Statement, visitor: Visitor): void {
  switch (statement.kind) {
    case "var":
    case "return":
      statement.values.forEach(visitor.expression);
      return;
    case "assign":
      for (const target of statement.targets) {
        visitor.expression(target);
        if (target.kind === "index" && target.object.type.kind === "map") visitor.mapStore();
      }
      statement.values.forEach(visitor.expression);
      return;
    case "switch":
      visitor.expression(statement.value);
      for (const { values, body } of statement.cases) {
        values.forEach(visitor.expression);
        visitBlock(body, visitor);
      }
      if (statement.otherwise !== null) visitBlock(statement.otherwise, visitor);
      return;
    case "expression":
      visitExpressionStatement(statement.expression, visitor);
      return;
    default:
  }
}

function visitExpressionStatement(expression: Expression, visitor: Visitor): void {
  if (expression.kind === "if") {
    for (const { condition, body } of expression.branches) {
      visitor.expression(condition);
      visitBlock(body, visitor);
    }
    if (expression.otherwise !== null) visitBlock(expression.otherwise, visitor);
  } else if (expression.kind === "while") {
    visitor.loop();
    visitor.expression(expression.condition);
    visitBlock(expression.body, visitor);
  } else {
    visitor.expression(expression);
  }
}
