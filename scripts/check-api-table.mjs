// Checks that the table of functions in the root README is true: a mark where the class has the public member, nothing where it has not.
//
// Run after a build: `pnpm check:names`.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { publishedPackages, root } from "./lib/workspace.mjs";

const members = publicMembers();
const table = readFileSync(join(root, "README.md"), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "")),
  );
const start = table.findIndex(([first]) => first === "function");
const problems = [];
let cells = 0;
const classes = start < 0 ? [] : table[start].slice(1);
const end = table.findIndex((row, i) => i > start && row.length !== classes.length + 1);
for (const [names, ...marks] of start < 0 ? [] : table.slice(start + 2, end < 0 ? undefined : end)) {
  for (const name of names.split(", ")) {
    marks.forEach((mark, i) => {
      cells++;
      const known = members.get(classes[i]);
      if (known === undefined) problems.push(`no package exports a class ${classes[i]}`);
      else if (known.has(name) !== (mark !== ""))
        problems.push(`${classes[i]}.${name}: the table says ${mark === "" ? "no" : "yes"}`);
    });
  }
}

for (const problem of new Set(problems)) console.error(`functions: ${problem}`);
if (cells === 0) console.error("functions: README.md has no table that starts with `function`");
console.log(`functions: ${problems.length === 0 ? "ok" : "wrong"}: ${cells} cells of the table in README.md`);
process.exitCode = problems.length === 0 && cells > 0 ? 0 : 1;

/** The public members of every class that the packages declare, those of the classes it extends included. */
function publicMembers() {
  const declared = new Map();
  for (const { folder } of publishedPackages()) {
    for (const name of readdirSync(join(folder, "dist")).filter((each) => each.endsWith(".d.ts"))) {
      const text = readFileSync(join(folder, "dist", name), "utf8");
      for (const statement of ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true).statements) {
        if (ts.isClassDeclaration(statement)) declared.set(statement.name.text, statement);
      }
    }
  }
  const hidden = [ts.SyntaxKind.PrivateKeyword, ts.SyntaxKind.ProtectedKeyword];
  const isPublic = (member) => !member.modifiers?.some(({ kind }) => hidden.includes(kind));
  const membersOf = (statement) => {
    if (statement === undefined) return [];
    const base = statement.heritageClauses?.find(({ token }) => token === ts.SyntaxKind.ExtendsKeyword);
    const inherited = membersOf(declared.get(base?.types[0].expression.getText()));
    return [...inherited, ...statement.members.filter(isPublic).map((member) => member.name?.getText())];
  };
  return new Map([...declared].map(([name, statement]) => [name, new Set(membersOf(statement))]));
}
