// Packs every published package and uses the tarballs the way a stranger would, outside the workspace.
//
// Run after a build: `pnpm check:packages`. Everything it writes lies in a temporary folder.
import { readdirSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { readExamples, requireOutput, runExample } from "./lib/readme-examples.mjs";
import { npmInstall, startRegistry } from "./lib/registry.mjs";
import { expect, publishedPackages, readJson, root, run, step, temporaryFolder, tool } from "./lib/workspace.mjs";

const POOL = "@morph/pool";
const MEMORY = "@morph/memory";

const JAVASCRIPT_USER = `
import assert from "node:assert/strict";
import { Pool, PoolManager } from "${POOL}";

const pool = new Pool({ slotSize: 64 });
const pointer = pool.alloc();
pool.memory.u8[pointer] = 7;
assert.equal(pool.stats().used, 1);
pool.free(pointer);
assert.throws(() => pool.free(pointer), { code: "ERR_MORPH_DOUBLE_FREE" });
const pools = new PoolManager({ memory: pool.memory });
assert.equal(pools.usableSize(pools.alloc(100)), 128);
`;

// Lines after @ts-expect-error fail the check when they compile: when the types are missing, everything would.
const TYPESCRIPT_USER = `
import { Pool, PoolManager, type PoolOptions, type PoolStats } from "${POOL}";

const options: PoolOptions = { slotSize: 64 };
const pool: Pool = new Pool(options);
const pointer: number = pool.alloc();
const bytes: Uint8Array = pool.memory.u8;
bytes[pointer] = 1;
const stats: PoolStats = pool.stats();
const slots: number = stats.slots + new PoolManager({ memory: pool.memory, sizeClasses: [16, 48] }).stats().slots;
pool.free(pointer);
// @ts-expect-error a pointer is a number
pool.free(String(slots));
// @ts-expect-error a slot size is needed
new Pool({});
// @ts-expect-error a memory is no number
new Pool({ slotSize: 8, memory: 1 });
`;

const work = temporaryFolder("packages");
const packages = publishedPackages();
const tarballs = [];

for (const { name, folder, manifest } of packages) {
  await step(`${name}: packs`, () => pack(name, folder, manifest));
}
for (const tarball of tarballs) {
  await step(`${basename(tarball)}: publint`, async () => {
    await tool("publint", ["run", tarball, "--strict"]);
  });
  await step(`${basename(tarball)}: are the types wrong`, async () => {
    // C sources have no types.
    await tool("attw", [tarball, "--profile", "esm-only", "--exclude-entrypoints", "c/malloc.c"]);
  });
}

const registry = await startRegistry(tarballs);
const onlyPool = await emptyProject("only-pool");
const everything = await emptyProject("everything");
const versions = Object.fromEntries(packages.map(({ name, manifest }) => [name, manifest.version]));

await step(`an empty npm project installs ${POOL} alone, and its memory comes along`, async () => {
  const installed = await npmInstall(onlyPool, { [POOL]: versions[POOL] }, registry);
  const wanted = { [`node_modules/${MEMORY}`]: versions[MEMORY], [`node_modules/${POOL}`]: versions[POOL] };
  expect(same(installed, wanted), `expected ${JSON.stringify(wanted)}, npm installed ${JSON.stringify(installed)}`);
  return Object.keys(installed).join(", ");
});
await step(`${POOL} from JavaScript`, () => runInProject(onlyPool, "use.mjs", JAVASCRIPT_USER));
for (const mode of ["nodenext", "bundler"]) {
  await step(`${POOL} from TypeScript, moduleResolution ${mode}`, () => typecheck(onlyPool, mode));
}
await step(`${POOL}: its README's examples, in that project`, () => runReadme(onlyPool, POOL));

await step("an empty npm project installs all packages, one copy of each", async () => {
  const installed = await npmInstall(everything, versions, registry);
  const wanted = Object.fromEntries(
    Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, version]),
  );
  expect(same(installed, wanted), `expected ${JSON.stringify(wanted)}, npm installed ${JSON.stringify(installed)}`);
});
for (const { name } of packages) {
  await step(`${name}: its README's examples`, () => runReadme(everything, name));
  await step(`${name}: loads in a browser bundle`, () => loadInBrowser(name));
  await step(`${name}: what is not used is not bundled`, () => shakeWhole(name));
}
await step("the root README's examples", () => runReadmeFile(everything, join(root, "README.md")));
await step(`${POOL}: Pool alone leaves PoolManager out of the bundle`, shakePool);
registry.close();

async function pack(name, folder, manifest) {
  const { packageManager } = readJson(join(root, "package.json"));
  await run("npx", ["--yes", packageManager, "pack", "--pack-destination", work], { cwd: folder });
  const file = `${name.replace("@", "").replace("/", "-")}-${manifest.version}.tgz`;
  expect(readdirSync(work).includes(file), `pnpm pack did not write ${file}`);
  const tarball = join(work, file);
  const files = (await run("tar", ["-tzf", tarball]))
    .trim()
    .split("\n")
    .map((path) => path.replace(/^package\//, ""));
  for (const wanted of ["LICENSE", "README.md", "dist/index.js", "dist/index.d.ts"]) {
    expect(files.includes(wanted), `${file} has no ${wanted}; it has ${files.join(", ")}`);
  }
  const strange = files.filter(
    (path) => !/^(dist\/.*|c\/.*\.c|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/.test(path),
  );
  expect(strange.length === 0, `${file} should not have ${strange.join(", ")}`);
  const packed = await run("tar", ["-xzOf", tarball, "package/package.json"]);
  expect(
    !/workspace:|@morph\/source/.test(packed),
    `${file}: package.json was not made fit for publishing:\n${packed}`,
  );
  tarballs.push(tarball);
}

async function emptyProject(name) {
  const project = join(work, name);
  await mkdir(project);
  return project;
}

/** Runs `code` with plain node. */
async function runInProject(project, file, code) {
  writeFileSync(join(project, file), code);
  await run(process.execPath, [file], { cwd: project });
}

/** Strict, libraries checked too, no other types around. The user expects errors, so missing types are seen. */
async function typecheck(project, moduleResolution) {
  const module = moduleResolution === "bundler" ? "esnext" : "nodenext";
  const compilerOptions = {
    module,
    moduleResolution,
    target: "es2022",
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
  };
  writeFileSync(join(project, "user.ts"), TYPESCRIPT_USER);
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["user.ts"] }));
  await tool("tsc", ["-p", project]);
}

/** The examples of an installed package's README, under node and as a browser bundle. */
function runReadme(project, name) {
  return runReadmeFile(project, join(project, "node_modules", name, "README.md"));
}

async function runReadmeFile(project, readme) {
  const examples = readExamples(readme);
  for (const example of examples) {
    writeFileSync(join(project, "example.mjs"), example.code);
    requireOutput(example, (await run(process.execPath, ["example.mjs"], { cwd: project })).split("\n"));
    await runExample(example, project);
  }
  return `${examples.length} run`;
}

/** Bundles `contents` for the browser, readable but without comments. */
async function bundle(contents, options = {}) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: everything },
    bundle: true,
    write: false,
    minifyWhitespace: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    logLevel: "silent",
    ...options,
  });
  return { text: outputFiles[0].text };
}

/** Fails where the main entry imports something of Node, or needs one of its globals to load. */
async function loadInBrowser(name) {
  const { text } = await bundle(`export * from "${name}"`, { format: "iife", globalName: "loaded" });
  const names = runInContext(`${text};Object.keys(loaded).join()`, createContext({}));
  expect(names !== "", `${name} exports nothing`);
  return names;
}

/** Importing a package and using nothing of it must cost nothing, also for a bundler that ignores `sideEffects`. */
async function shakeWhole(name) {
  const whole = await bundle(`export * from "${name}"`);
  const unused = `import * as unused from "${name}"`;
  const { text } = await bundle(unused);
  expect(text === "", `left over: ${text.slice(0, 400)}`);
  // Then a computed constant may stay (esbuild drops it only when it minifies), but nothing that does something.
  const plain = await bundle(unused, { ignoreAnnotations: true });
  const rest = plain.text.replaceAll(/var \w+=[\dA-Z_*/+-]+;/g, "").trim();
  expect(rest === "", `${plain.text.length} bytes are left over where sideEffects is ignored: ${rest.slice(0, 400)}`);
  return `${whole.text.length} bytes used whole, none unused`;
}

async function shakePool() {
  const mark = /size classes|sizeClasses/;
  const both = await bundle(`export { Pool, PoolManager } from "${POOL}"`);
  const one = await bundle(`export { Pool } from "${POOL}"`);
  expect(mark.test(both.text), "this check looks for text that PoolManager's code no longer has");
  expect(!mark.test(one.text), "the bundle of Pool alone holds code of PoolManager");
  return `${both.text.length} bytes with it, ${one.text.length} without`;
}

function same(one, other) {
  const sorted = (object) => JSON.stringify(Object.entries(object).sort());
  return sorted(one) === sorted(other);
}
