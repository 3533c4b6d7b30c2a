// Checks that offsets and masks have names in the sources and are numbers in the build.
//
// In the sources, outside of layout files: no hexadecimal number in an expression, no mask as a plain number (`word & 127`), no offset as a plain number in the index of
// a view (`i32[record + 11]`, `i32[p / 4 + 2]`), or in a variable that is one (`const live = record + 2; i32[live] = 0`). Allowed are 1, the next word, and
// 31, the place of a bit in its word.
//
// In the build: no name of a layout file, because bundlers make `var` of what they do not inline, and V8 loads and checks that each time.
//
// Run after a build: `pnpm check:names`.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import ts from "typescript";
import { root } from "./lib/workspace.mjs";

/** A layout file has integer constants and nothing else: then esbuild inlines them, also across files. */
const isLayout = (file) => ["layout.ts", "head-words.ts", "roots-layout.ts"].includes(basename(file));

/** Folders of sources, and what is built of them. */
const SUBJECTS = [
  ...["memory", "arena", "heap", "range", "view", "pool", "mem-v2", "gc"].map((name) => ({
    sources: `packages/${name}/src`,
    build: `packages/${name}/dist`,
  })),
  ...["v1", "values"].map((folder) => ({ sources: `apps/n0-runtime/src/${folder}`, build: "apps/n0-runtime/dist" })),
];

/** Files whose numbers are those of an encoding, as its standard writes them. */
const ENCODINGS = ["utf8.ts"];

const VIEWS = /^(i8|u8|i16|u16|i32|u32|f32|f64|i64|u64|view|words)$/;
const FREE_NUMBERS = [1, 31];

const problems = [];
let numbers = 0;
let names = 0;
for (const { sources, build } of SUBJECTS) {
  const files = readdirSync(join(root, sources), { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(root, sources, name));
  for (const file of files) if (!isLayout(file) && !ENCODINGS.includes(basename(file))) checkNumbers(file);
  const layouts = files.filter(isLayout);
  for (const file of layouts) checkLayout(file);
  checkBuild(build, layouts);
}

for (const problem of problems) console.error(`names: ${problem}`);
console.log(
  `names: ${problems.length === 0 ? "ok" : `${problems.length} wrong`}: ${numbers} numbers looked at, ${names} names of layouts`,
);
process.exitCode = problems.length === 0 && numbers > 0 && names > 0 ? 0 : 1;

function parse(file) {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}

/** No nameless offset or mask in a source file. */
function checkNumbers(file) {
  const tree = parse(file);
  const say = (node, what) => {
    const line = tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    problems.push(`${relative(root, file)}:${line}: ${what} ${node.getText()} needs a name in a layout file`);
  };
  /** Variables that are used as the index of a view, by the function they stand in. */
  const indexes = new Set();
  const visit = (node, inIndex) => {
    if (ts.isNumericLiteral(node)) {
      numbers++;
      const parent = node.parent;
      if (/^0x/i.test(node.getText()) && !isNamed(node)) say(node, "the number");
      else if (ts.isBinaryExpression(parent) && isAnd(parent) && !FREE_NUMBERS.includes(Number(node.text)))
        say(node, "the mask");
      else if (inIndex && isOffset(node)) say(node, "the offset");
    }
    if (ts.isElementAccessExpression(node) && isView(node.expression)) {
      visit(node.expression, inIndex);
      visit(node.argumentExpression, true);
      return;
    }
    const named = ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && indexes.has(keyOf(node.name));
    ts.forEachChild(node, (child) => visit(child, inIndex || (named && child === node.initializer)));
  };
  const collect = (node) => {
    if (ts.isElementAccessExpression(node) && isView(node.expression) && ts.isIdentifier(node.argumentExpression))
      indexes.add(keyOf(node.argumentExpression));
    ts.forEachChild(node, collect);
  };
  collect(tree);
  visit(tree, false);
}

/** Whether a number is all there is of a constant of its file: `const FNV_PRIME = 0x0100_0193`. */
function isNamed({ parent }) {
  return ts.isVariableDeclaration(parent) && ts.isSourceFile(parent.parent.parent.parent);
}

/** A name within its function. */
function keyOf(identifier) {
  let scope = identifier.parent;
  while (scope.parent !== undefined && !ts.isFunctionLike(scope)) scope = scope.parent;
  return `${scope.pos} ${identifier.text}`;
}

function isView(node) {
  const name = ts.isPropertyAccessExpression(node) ? node.name : node;
  return ts.isIdentifier(name) && VIEWS.test(name.text);
}

function isAnd({ operatorToken }) {
  return [ts.SyntaxKind.AmpersandToken, ts.SyntaxKind.AmpersandEqualsToken].includes(operatorToken.kind);
}

/** Whether a number is added to or taken from what is not a number, other than these. */
function isOffset(node) {
  const { parent } = node;
  if (!ts.isBinaryExpression(parent) || FREE_NUMBERS.includes(Number(node.text))) return false;
  return [ts.SyntaxKind.PlusToken, ts.SyntaxKind.MinusToken].includes(parent.operatorToken.kind);
}

/** Anything but constants would keep a bundler from inlining them. */
function checkLayout(file) {
  for (const statement of parse(file).statements) {
    const declarations = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [];
    const constant = declarations.length === 1 && /^-?(0x)?[\w.]+$/.test(declarations[0].initializer?.getText() ?? "");
    if (!constant)
      problems.push(
        `${relative(root, file)}: a layout file has constants only, not ${statement.getText().slice(0, 60)}`,
      );
  }
}

/** No name of a layout file in the build, but for those that the package exports. */
function checkBuild(build, layouts) {
  if (layouts.length === 0) return;
  const folder = join(root, build);
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".js")) : [];
  if (files.length === 0) problems.push(`${build}: nothing is built`);
  const left = new Set();
  const exported = new Set();
  for (const file of files) {
    const visit = (node) => {
      if (ts.isExportSpecifier(node)) exported.add(node.name.text);
      if (ts.isIdentifier(node) && !isProperty(node)) left.add(node.text);
      ts.forEachChild(node, visit);
    };
    visit(parse(join(folder, file)));
  }
  for (const layout of layouts) {
    // Names that are like those of methods and variables tell nothing.
    const own = [...readFileSync(layout, "utf8").matchAll(/^export const ([A-Z][A-Z0-9_]+)\b/gm)].map(
      ([, name]) => name,
    );
    names += own.length;
    for (const name of own) {
      if (left.has(name) && !exported.has(name))
        problems.push(`${build}: ${name} of ${relative(root, layout)} is not inlined`);
    }
  }
}

/** Whether a name is that of a property, and no variable. */
function isProperty(node) {
  const { parent } = node;
  return ts.isPropertyAccessExpression(parent) || (ts.isPropertyAssignment(parent) && parent.name === node);
}
