// Fails when a package imports what does not lie below it, or when files of a package import each other in a circle.
//
// Checked: the dependencies in every package.json, and every import in packages/*/src and apps/*/src, found with
// TypeScript's parser. The root to check may be given as an argument.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/**
 * The order, lowest first: each package with all it may import. CONTRIBUTING.md shows the same lines, and this script
 * compares them.
 */
const LAYERS = [
  ["@morph/memory", []],
  ["@morph/arena", ["@morph/memory"]],
  ["@morph/pool", ["@morph/memory"]],
  ["@morph/heap", ["@morph/memory"]],
  ["@morph/range", ["@morph/memory"]],
  ["@morph/mem-v2", ["@morph/memory", "@morph/arena", "@morph/pool", "@morph/heap"]],
  ["@morph/view", ["@morph/memory"]],
  ["@morph/gc", ["@morph/memory"]],
  ["n0-runtime", ["@morph/memory", "@morph/arena", "@morph/pool", "@morph/heap", "@morph/mem-v2", "@morph/gc"]],
  ["n0", ["@morph/memory", "@morph/arena", "@morph/pool", "@morph/heap", "@morph/mem-v2", "@morph/gc", "n0-runtime"]],
  ["n1", ["n0-runtime", "n0"]],
  [
    "bench",
    [
      "@morph/memory",
      "@morph/arena",
      "@morph/pool",
      "@morph/heap",
      "@morph/range",
      "@morph/mem-v2",
      "@morph/view",
      "@morph/gc",
      "n0-runtime",
      "n0",
      "n1",
    ],
  ],
];

/** Whose files may import each other in a circle: a compiler's parser, checker and code generator go down the syntax tree, which nests. */
const RECURSIVE = ["apps/n0"];

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), ".."));
const allowed = new Map(LAYERS);
const problems = [];

checkOrder();
const folders = ["packages", "apps"].flatMap((kind) => childFolders(kind));
let files = 0;
let imports = 0;
for (const folder of folders) checkPackage(folder);
if (files === 0) problems.push("no source file found: is this the root of the workspace?");

for (const problem of problems) console.error(`layers: ${problem}`);
console.log(
  `layers: ${problems.length === 0 ? "ok" : `${problems.length} wrong`}: ${folders.length} packages (${folders.join(", ")}), ${files} files, ${imports} imports`,
);
process.exitCode = problems.length === 0 ? 0 : 1;

/** The order itself: nothing is allowed that does not stand above in the list, and CONTRIBUTING.md says the same. */
function checkOrder() {
  const below = new Set();
  for (const [name, targets] of LAYERS) {
    for (const target of targets)
      if (!below.has(target)) problems.push(`the order lets ${name} import ${target}, which is not below it`);
    below.add(name);
  }
  const stated = LAYERS.map(([name, targets]) => `${name} -> ${targets.join(", ") || "nothing"}`).join("\n");
  const guide = existsSync(join(root, "CONTRIBUTING.md")) ? readFileSync(join(root, "CONTRIBUTING.md"), "utf8") : "";
  if (!guide.replaceAll("\r", "").includes(`\`\`\`layers\n${stated}\n\`\`\``)) {
    problems.push(`CONTRIBUTING.md: the block of layers differs from scripts/check-layers.mjs; expected\n${stated}`);
  }
}

function checkPackage(folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const { name, private: unpublished = false } = manifest;
  const targets = allowed.get(name);
  if (targets === undefined) {
    problems.push(`${folder}: ${name} has no place in the order; add it to LAYERS in scripts/check-layers.mjs`);
    return;
  }
  const runtime = ["dependencies", "peerDependencies", "optionalDependencies"].flatMap((key) =>
    Object.keys(manifest[key] ?? {}),
  );
  for (const dependency of runtime) {
    if (allowed.has(dependency) && !targets.includes(dependency)) {
      problems.push(`${folder}/package.json: ${name} depends on ${dependency}, which is not below it`);
    }
  }
  // Tests may use whatever stands above in the list.
  const order = LAYERS.map(([each]) => each);
  for (const dependency of Object.keys(manifest.devDependencies ?? {})) {
    if (order.indexOf(dependency) > order.indexOf(name)) {
      problems.push(`${folder}/package.json: the tests of ${name} depend on ${dependency}, which is above it`);
    }
  }
  if (!unpublished) {
    for (const dependency of runtime) {
      if (!dependency.startsWith("@morph/"))
        problems.push(
          `${folder}/package.json: ${name} is published and depends on ${dependency}; only @morph/* is allowed`,
        );
    }
  }

  const source = join(root, folder, "src");
  if (!existsSync(source)) return;
  const graph = new Map();
  for (const file of sourceFiles(source)) {
    files++;
    const needs = [];
    graph.set(file, needs);
    for (const { specifier, line } of importsOf(file)) {
      imports++;
      if (specifier?.startsWith(".")) needs.push(resolve(dirname(file), specifier));
      const problem = wrong(specifier, { file, folder, name, targets, runtime, unpublished });
      if (problem) problems.push(`${relative(root, file)}:${line}: ${problem}`);
    }
  }
  for (const circle of RECURSIVE.includes(folder) ? [] : circlesOf(graph)) {
    problems.push(`${folder}: a circle of imports: ${circle.map((file) => relative(source, file)).join(" -> ")}`);
  }
  const entry = manifest.exports?.["."]?.["@morph/source"];
  if (unpublished) return;
  if (entry === undefined)
    problems.push(`${folder}/package.json: no "@morph/source" condition leads to the main entry's source`);
  else checkEntry(resolve(root, folder, entry), folder);
}

/** Files that import each other in a circle, each circle once; imports of types count, for who reads one file has to know the others. */
function circlesOf(graph) {
  const circles = [];
  const done = new Set();
  const visit = (file, path) => {
    const at = path.indexOf(file);
    if (at >= 0) return void circles.push([...path.slice(at), file]);
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return circles;
}

/** What is wrong with an import, or undefined. `specifier` is undefined when it is not a literal. */
function wrong(specifier, { file, folder, name, targets, runtime, unpublished }) {
  if (specifier === undefined) return unpublished ? undefined : "imports something that is not a string literal";
  if (specifier.startsWith(".") || specifier.startsWith("/")) {
    const inside = join(root, folder) + sep;
    return resolve(dirname(file), specifier).startsWith(inside)
      ? undefined
      : `"${specifier}" leaves the package; import by package name`;
  }
  if (isBuiltin(specifier)) return undefined; // Of a main entry: see checkEntry.
  const target = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  if (target === name) return `imports itself by name ("${specifier}")`;
  if (allowed.has(target) && !targets.includes(target)) return `${name} imports ${target}, which is not below it`;
  if (!runtime.includes(target)) return `imports "${specifier}", which is not in the dependencies of ${name}`;
  return undefined;
}

/** Follows relative imports from a main entry; none of those files may need Node. */
function checkEntry(entry, folder) {
  const seen = new Set([entry]);
  for (const file of seen) {
    if (!existsSync(file)) {
      problems.push(`${folder}: the main entry needs ${relative(root, file)}, which does not exist`);
      continue;
    }
    for (const { specifier, line } of importsOf(file)) {
      if (specifier === undefined) continue;
      if (isBuiltin(specifier))
        problems.push(
          `${relative(root, file)}:${line}: "${specifier}" is reachable from the main entry, which must load in a browser`,
        );
      if (specifier.startsWith(".")) seen.add(resolve(dirname(file), specifier));
    }
  }
}

/** Every import of a file: static, re-export, of a type, dynamic, `require`, `import x = require()`. */
function importsOf(file) {
  const tree = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  const found = [];
  const add = (node, literal) =>
    found.push({
      specifier: literal !== undefined && ts.isStringLiteralLike(literal) ? literal.text : undefined,
      line: tree.getLineAndCharacterOfPosition(node.getStart()).line + 1,
    });
  const visit = (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier);
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node, node.moduleSpecifier);
    else if (ts.isExternalModuleReference(node)) add(node, node.expression);
    else if (ts.isImportTypeNode(node)) add(node, node.argument.literal);
    else if (ts.isCallExpression(node)) {
      const { expression } = node;
      const dynamic = expression.kind === ts.SyntaxKind.ImportKeyword;
      if (dynamic || (ts.isIdentifier(expression) && expression.text === "require")) add(node, node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

function childFolders(kind) {
  if (!existsSync(join(root, kind))) return [];
  return readdirSync(join(root, kind))
    .sort()
    .map((name) => `${kind}/${name}`)
    .filter((folder) => existsSync(join(root, folder, "package.json")));
}

function sourceFiles(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.[cm]?[jt]sx?$/.test(name))
    .map((name) => join(folder, name));
}
