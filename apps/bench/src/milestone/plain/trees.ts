import type { PlainProgram } from "./program.js";

/* Binary trees, as in milestone/trees.fox. */

const LEAST = 4;
const MOST = 14;

interface Tree {
  readonly left: Tree | null;
  readonly right: Tree | null;
}

const grow = (depth: number): Tree =>
  depth === 0 ? { left: null, right: null } : { left: grow(depth - 1), right: grow(depth - 1) };

const count = ({ left, right }: Tree): number => (left === null ? 1 : 1 + count(left) + count(right!));

export const run: PlainProgram = (print) => {
  print(`stretch tree of depth ${MOST + 1}, ${count(grow(MOST + 1))} nodes`);
  const lasting = grow(MOST);
  for (let depth = LEAST; depth <= MOST; depth += 2) {
    const trees = 2 ** (MOST - depth + LEAST);
    let nodes = 0;
    for (let i = 0; i < trees; i++) nodes += count(grow(depth));
    print(`${trees} trees of depth ${depth}, ${nodes} nodes`);
  }
  print(`lasting tree of depth ${MOST}, ${count(lasting)} nodes`);
};
