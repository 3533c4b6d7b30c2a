/* What the checks share: the workspace's packages, running a program, a temporary folder that goes away. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The published packages, `{ name, short, folder, manifest }`, by name. */
export function publishedPackages(from = root) {
  return readdirSync(join(from, "packages"))
    .sort()
    .map((short) => ({ short, folder: join(from, "packages", short) }))
    .filter(({ folder }) => existsSync(join(folder, "package.json")))
    .map((entry) => ({ ...entry, manifest: readJson(join(entry.folder, "package.json")) }))
    .filter(({ manifest }) => !manifest.private)
    .map((entry) => ({ ...entry, name: entry.manifest.name }));
}

export function readJson(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** A temporary folder outside the workspace, removed when the process ends. */
export function temporaryFolder(name) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), `morph-${name}-`)));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a program to its end and returns what it printed; when it fails, throws all it printed. */
export function run(program, args, { cwd = root, env = process.env, input } = {}) {
  return new Promise((done, fail) => {
    const child = execFile(program, args, { cwd, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) done(stdout);
      else fail(new Error(`${program} ${args.join(" ")} failed (${error.code ?? error.signal})\n${stdout}${stderr}`));
    });
    child.stdin.end(input);
  });
}

/** A tool of the workspace. */
export function tool(name, args, options) {
  return run(join(root, "node_modules", ".bin", name), args, options);
}

/** The environment without what pnpm or npm put there for the script that runs us. */
export function plainEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name)));
}

/** Names what is being checked, and on failure what was. */
export async function step(what, action) {
  try {
    const detail = await action();
    console.log(`ok    ${what}${typeof detail === "string" ? `: ${detail}` : ""}`);
  } catch (error) {
    console.error(`FAIL  ${what}\n${error.message}`);
    process.exit(1);
  }
}

export function expect(condition, message) {
  if (!condition) throw new Error(message);
}
