import * as kinds from "./kinds.js";
import type { Token } from "./lexer.js";

/* The parser of milestone/parser.fox: children in arrays. */

export interface Node {
  readonly kind: number;
  readonly token: Token;
  readonly left: Node | null;
  readonly right: Node | null;
  readonly children: readonly Node[] | null;
}

const endsBlock = (kind: number): boolean =>
  kind === kinds.T_BLOCK_END || kind === kinds.T_ELSE || kind === kinds.T_ELSE_IF || kind === kinds.T_END;

/** How strongly a binary operator binds, 0 for what is none. */
const strength = (kind: number): number => {
  switch (kind) {
    case kinds.T_OR:
      return 1;
    case kinds.T_AND:
      return 2;
    case kinds.T_EQ:
    case kinds.T_NE:
      return 3;
    case kinds.T_LESS:
    case kinds.T_MORE:
    case kinds.T_LE:
    case kinds.T_GE:
      return 4;
    case kinds.T_BAR:
      return 5;
    case kinds.T_CARET:
      return 6;
    case kinds.T_AMPERSAND:
      return 7;
    case kinds.T_SHL:
    case kinds.T_SHR:
      return 8;
    case kinds.T_PLUS:
    case kinds.T_MINUS:
      return 9;
    case kinds.T_STAR:
    case kinds.T_SLASH:
    case kinds.T_PERCENT:
      return 10;
    default:
      return 0;
  }
};

export class Parser {
  nodes = 0;
  errors = 0;
  private readonly tokens: readonly Token[];
  private at = 0;
  private token: Token;

  /** @param tokens `T_END` last */
  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
    this.token = tokens[0]!;
  }

  module(): Node {
    const first = this.token;
    const all: Node[] = [];
    while (this.token.kind !== kinds.T_END) all.push(this.statement());
    return this.node(kinds.N_MODULE, first, null, null, all);
  }

  private advance(): Token {
    const { token } = this;
    if (token.kind !== kinds.T_END) this.token = this.tokens[++this.at]!;
    return token;
  }

  private accept(kind: number): boolean {
    if (this.token.kind !== kind) return false;
    this.advance();
    return true;
  }

  private expect(kind: number): Token {
    if (this.token.kind !== kind) this.errors++;
    return this.advance();
  }

  private node(
    kind: number,
    token: Token,
    left: Node | null = null,
    right: Node | null = null,
    children: readonly Node[] | null = null,
  ): Node {
    this.nodes++;
    return { kind, token, left, right, children };
  }

  private block(): Node {
    const first = this.token;
    const all: Node[] = [];
    while (!endsBlock(this.token.kind)) all.push(this.statement());
    return this.node(kinds.N_BLOCK, first, null, null, all);
  }

  private statement(): Node {
    switch (this.token.kind) {
      case kinds.T_VAR:
      case kinds.T_CONST:
        return this.variable();
      case kinds.T_RETURN:
        return this.result();
      case kinds.T_IF:
        return this.condition();
      case kinds.T_WHILE:
        return this.loop();
      case kinds.T_FUNCTION:
        return this.function();
      case kinds.T_STRUCT:
        return this.structure();
      case kinds.T_IMPORT:
        this.advance();
        return this.node(kinds.N_IMPORT, this.expect(kinds.T_STRING));
      case kinds.T_BREAK:
      case kinds.T_CONTINUE:
        return this.node(kinds.N_JUMP, this.advance());
      default:
        return this.assignment();
    }
  }

  private variable(): Node {
    this.advance();
    const name = this.expect(kinds.T_NAME);
    const type = this.token.kind === kinds.T_ASSIGN ? null : this.typeName();
    const value = this.accept(kinds.T_ASSIGN) ? this.expression(1) : null;
    return this.node(kinds.N_VAR, name, type, value);
  }

  private typeName(): Node {
    if (this.token.kind === kinds.T_OPEN_BRACKET) {
      const bracket = this.advance();
      this.expect(kinds.T_CLOSE_BRACKET);
      return this.node(kinds.N_TYPE, bracket, this.typeName());
    }
    if (this.token.kind === kinds.T_MAP) {
      const word = this.advance();
      this.expect(kinds.T_OPEN_BRACKET);
      const key = this.typeName();
      this.expect(kinds.T_CLOSE_BRACKET);
      return this.node(kinds.N_TYPE, word, key, this.typeName());
    }
    return this.node(kinds.N_TYPE, this.expect(kinds.T_NAME));
  }

  private result(): Node {
    const word = this.advance();
    return this.accept(kinds.T_SEMICOLON)
      ? this.node(kinds.N_RETURN, word)
      : this.node(kinds.N_RETURN, word, this.expression(1));
  }

  /** After `jika` or `atau_jika`; the branches hang on one node. */
  private condition(): Node {
    const word = this.advance();
    const test = this.expression(1);
    const yes = this.block();
    let no: Node | null = null;
    if (this.token.kind === kinds.T_ELSE_IF) no = this.condition();
    else {
      if (this.accept(kinds.T_ELSE)) no = this.block();
      this.expect(kinds.T_BLOCK_END);
    }
    return this.node(kinds.N_IF, word, test, this.node(kinds.N_BRANCHES, word, yes, no));
  }

  private loop(): Node {
    const word = this.advance();
    const test = this.expression(1);
    const body = this.block();
    this.expect(kinds.T_BLOCK_END);
    return this.node(kinds.N_WHILE, word, test, body);
  }

  private parameters(all: Node[]): void {
    this.expect(kinds.T_OPEN);
    while (this.token.kind === kinds.T_NAME) {
      all.push(this.node(kinds.N_PARAMETER, this.advance(), this.typeName()));
      this.accept(kinds.T_COMMA);
    }
    this.expect(kinds.T_CLOSE);
  }

  /** A method's receiver is its first parameter. */
  private function(): Node {
    this.advance();
    const all: Node[] = [];
    if (this.token.kind === kinds.T_OPEN) this.parameters(all);
    const name = this.expect(kinds.T_NAME);
    this.parameters(all);
    const signature = this.node(kinds.N_SIGNATURE, name, this.typeName(), null, all);
    const body = this.block();
    this.expect(kinds.T_BLOCK_END);
    return this.node(kinds.N_FUNCTION, name, signature, body);
  }

  private structure(): Node {
    this.advance();
    const name = this.expect(kinds.T_NAME);
    const all: Node[] = [];
    while (this.token.kind === kinds.T_NAME) all.push(this.node(kinds.N_FIELD, this.advance(), this.typeName()));
    this.expect(kinds.T_BLOCK_END);
    return this.node(kinds.N_STRUCT, name, null, null, all);
  }

  private assignment(): Node {
    const target = this.expression(1);
    if (this.token.kind !== kinds.T_ASSIGN) return target;
    return this.node(kinds.N_ASSIGN, this.advance(), target, this.expression(1));
  }

  /** By precedence climbing. */
  private expression(least: number): Node {
    let left = this.unary();
    for (let binds = strength(this.token.kind); binds >= least; binds = strength(this.token.kind)) {
      left = this.node(kinds.N_BINARY, this.advance(), left, this.expression(binds + 1));
    }
    return left;
  }

  private unary(): Node {
    const { kind } = this.token;
    return kind === kinds.T_NOT || kind === kinds.T_MINUS || kind === kinds.T_TILDE
      ? this.node(kinds.N_UNARY, this.advance(), this.unary())
      : this.postfix(this.primary());
  }

  private postfix(inner: Node): Node {
    let left = inner;
    for (;;) {
      switch (this.token.kind) {
        case kinds.T_OPEN:
          left = this.node(kinds.N_CALL, this.advance(), left, null, this.list(kinds.T_CLOSE));
          break;
        case kinds.T_OPEN_BRACKET:
          left = this.node(kinds.N_INDEX, this.advance(), left, this.expression(1));
          this.expect(kinds.T_CLOSE_BRACKET);
          break;
        case kinds.T_DOT:
          this.advance();
          left = this.node(kinds.N_MEMBER, this.expect(kinds.T_NAME), left);
          break;
        default:
          return left;
      }
    }
  }

  /** Expressions up to the closing token. */
  private list(close: number): Node[] {
    const all: Node[] = [];
    while (this.token.kind !== close && this.token.kind !== kinds.T_END) {
      all.push(this.expression(1));
      this.accept(kinds.T_COMMA);
    }
    this.expect(close);
    return all;
  }

  private primary(): Node {
    const token = this.advance();
    switch (token.kind) {
      case kinds.T_NAME:
        return this.token.kind === kinds.T_OPEN_BRACE ? this.fields(token) : this.node(kinds.N_NAME, token);
      case kinds.T_OPEN: {
        const inner = this.expression(1);
        this.expect(kinds.T_CLOSE);
        return inner;
      }
      case kinds.T_OPEN_BRACKET:
        return this.node(kinds.N_LIST, token, null, null, this.list(kinds.T_CLOSE_BRACKET));
      case kinds.T_INT:
      case kinds.T_FLOAT:
      case kinds.T_STRING:
      case kinds.T_TRUE:
      case kinds.T_FALSE:
      case kinds.T_NULL:
        break;
      default:
        this.errors++;
    }
    return this.node(kinds.N_LITERAL, token);
  }

  private fields(name: Token): Node {
    const all: Node[] = [];
    this.expect(kinds.T_OPEN_BRACE);
    while (this.token.kind === kinds.T_NAME) {
      const field = this.advance();
      this.expect(kinds.T_COLON);
      all.push(this.node(kinds.N_FIELD, field, this.expression(1)));
      this.accept(kinds.T_COMMA);
    }
    this.expect(kinds.T_CLOSE_BRACE);
    return this.node(kinds.N_MAKE, name, null, null, all);
  }
}

/** A number that depends on every node, its place and its token. */
export const digest = (node: Node | null): number => {
  if (node === null) return 1;
  const { kind, token, left, right, children } = node;
  let sum = kind * 7 + token.kind + token.column + token.text.length;
  sum = (sum * 31 + digest(left) * 3 + digest(right)) % 1_000_000_007;
  if (children !== null) for (const child of children) sum = (sum * 31 + digest(child)) % 1_000_000_007;
  return sum;
};
