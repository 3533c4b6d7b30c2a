// What a program does: trees, strings in a map, arrays that grow. The same for every runtime.

class Tree {
  constructor(
    public left: Tree | null,
    public right: Tree | null,
  ) {}

  count(): i32 {
    const left = this.left;
    const right = this.right;
    return 1 + (left ? left.count() : 0) + (right ? right.count() : 0);
  }
}

function grow(depth: i32): Tree {
  return depth === 0 ? new Tree(null, null) : new Tree(grow(depth - 1), grow(depth - 1));
}

export function run(rounds: i32): i32 {
  const words = new Map<string, i32>();
  const numbers: i32[] = [];
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    sum += grow(i % 12).count();
    const word = "word " + (i % 97).toString();
    words.set(word, (words.has(word) ? words.get(word) : 0) + i);
    numbers.push(i);
  }
  const keys = words.keys();
  for (let i = 0; i < keys.length; i++) sum = sum * 31 + words.get(keys[i]) + keys[i].length;
  return sum + numbers.length;
}

export function collect(): void {
  __collect();
}

export function heapBase(): usize {
  return __heap_base;
}
