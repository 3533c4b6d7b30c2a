// Packs every published package and uses the tarballs the way a stranger would, outside the workspace.
//
// Run after a build: `pnpm check:packages`. Everything it writes lies in a temporary folder.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { readExamples, requireOutput, runExample } from "./lib/readme-examples.mjs";
import { npmInstall, startRegistry } from "./lib/registry.mjs";
import { JAVASCRIPT_USER, JEST_USER, MEMORY_USER, REQUIRE_USER, TYPESCRIPT_USER, WEB_USER } from "./lib/users.mjs";
import {
  expect,
  plainEnvironment,
  publishedPackages,
  readJson,
  root,
  run,
  step,
  temporaryFolder,
  tool,
} from "./lib/workspace.mjs";

const POOL = "@morph/pool";
const MEMORY = "@morph/memory";

/** The newest Jest that the tests were seen to run in, and the oldest TypeScript that knows what a typed array's buffer is. */
const JEST = "jest@30.5.2";
const OLDEST_TYPESCRIPT = "typescript@5.7.3";

/** As a bundler that does not read `sideEffects` takes every package. */
const WITH_SIDE_EFFECTS = {
  name: "with-side-effects",
  setup(build) {
    build.onResolve({ filter: /^@morph\// }, async ({ path, pluginData, ...args }) => {
      if (pluginData === "resolved") return undefined;
      const found = await build.resolve(path, { ...args, pluginData: "resolved" });
      return { ...found, sideEffects: true };
    });
  },
};

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
    await tool("attw", [tarball, "--profile", "node16", "--exclude-entrypoints", "c/malloc.c"]);
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
await step(`${POOL} from TypeScript`, () => typecheck(onlyPool, ["user.ts", TYPESCRIPT_USER], ["nodenext", "es2022"]));
await step(`${POOL}: its README's examples, in that project`, () => runReadme(onlyPool, POOL));

await step("an empty npm project installs all packages, one copy of each", async () => {
  const installed = await npmInstall(everything, versions, registry);
  const wanted = Object.fromEntries(
    Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, version]),
  );
  expect(same(installed, wanted), `expected ${JSON.stringify(wanted)}, npm installed ${JSON.stringify(installed)}`);
});
await step(`tarballs of ${POOL} and what it builds on install by their paths, with no registry`, installTarballs);
for (const module of ["nodenext", "node20", "esnext"]) {
  for (const lib of ["es2022", "esnext,dom"]) {
    const files = ["user.ts", MEMORY_USER + wholeOf("import"), "web.ts", lib.includes("dom") ? WEB_USER : "export {}"];
    if (module !== "esnext") files.push("user.cts", wholeOf("require"));
    await step(`all from TypeScript, module ${module}, lib ${lib}`, () => typecheck(everything, files, [module, lib]));
  }
}
await step(`all from ${OLDEST_TYPESCRIPT}, without the DOM library`, () => {
  const files = ["user.ts", MEMORY_USER + wholeOf("import"), "web.ts", "export {}", "user.cts", wholeOf("require")];
  return typecheck(everything, files, ["nodenext", "es2022"], OLDEST_TYPESCRIPT);
});
await step("all with require(), beside import", () =>
  runInProject(
    everything,
    "use.cjs",
    REQUIRE_USER,
    packages.map(({ name }) => name),
  ),
);
await step(`all in ${JEST} without a configuration`, runJest);
for (const { name } of packages) {
  await step(`${name}: its README's examples`, () => runReadme(everything, name));
  await step(`${name}: its README leads nowhere but to the web and to itself`, () => checkLinks(name));
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
  for (const wanted of [
    "LICENSE",
    "README.md",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/index.cjs",
    "dist/index.d.cts",
  ]) {
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
async function runInProject(project, file, code, args = []) {
  writeFileSync(join(project, file), code);
  await run(process.execPath, [file, ...args], { cwd: project });
}

/**
 * Compiles files, each name followed by its text: strict, libraries checked too, no other types around. They expect errors, so missing types are
 * seen.
 */
async function typecheck(project, files, [module, lib], typescript) {
  const names = files.filter((_, i) => i % 2 === 0);
  for (const name of names) writeFileSync(join(project, name), files[files.indexOf(name) + 1]);
  const compilerOptions = {
    module,
    moduleResolution: module === "esnext" ? "bundler" : module === "node20" ? "node16" : module,
    target: "es2022",
    lib: [...lib.split(","), "esnext.disposable"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
  };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: names }));
  if (typescript === undefined) await tool("tsc", ["-p", project]);
  else await run("npx", ["--yes", "-p", typescript, "tsc", "-p", project], { env: plainEnvironment() });
}

/** As the READMEs say, for a project that is not published to. */
async function installTarballs() {
  const project = await emptyProject("by-path");
  writeFileSync(join(project, "package.json"), "{}");
  const files = tarballs.filter((file) => /morph-(pool|memory)-/.test(file));
  const flags = ["--no-audit", "--no-fund", "--registry=http://127.0.0.1:1/", `--cache=${join(project, ".npm-cache")}`];
  await run("npm", ["install", ...files, ...flags], { cwd: project, env: plainEnvironment() });
  await runInProject(project, "use.mjs", JAVASCRIPT_USER);
}

/** Who reads a README in a registry, or in node_modules, has no repository beside it. */
function checkLinks(name) {
  const text = readFileSync(join(everything, "node_modules", name, "README.md"), "utf8");
  const targets = [...text.matchAll(/\]\(([^)]*)\)/g)].map(([, target]) => target);
  const dead = targets.filter((target) => !/^(https:|#)/.test(target));
  expect(dead.length === 0, `links that lead out of the package: ${dead.join(", ")}`);
}

/** A file that imports all that each package exports. */
function wholeOf(how) {
  const names = packages.map(({ name }) => name);
  if (how === "require") return names.map((name, i) => `import all${i} = require("${name}"); void all${i};`).join("\n");
  return names.map((name, i) => `import * as all${i} from "${name}"; void all${i};`).join("\n");
}

/** Jest's tests are CommonJS by default: in a folder that says nothing else. */
async function runJest() {
  const folder = join(everything, "jest");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, "user.test.js"), JEST_USER);
  await run("npx", ["--yes", JEST, "--rootDir", folder], { cwd: folder, env: plainEnvironment() });
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
  const plain = await bundle(unused, { plugins: [WITH_SIDE_EFFECTS] });
  const rest = plain.text.replaceAll(/var \w+=[\dA-Z_*/+()-]+;/g, "").trim();
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
