// Packages upgrade independently: packages of the last release and of this tree are installed side by side, in every
// order that a user may upgrade in, and share one memory.
//
// "Old" is each package as its last release tag has it (`@morph/pool@0.1.0`); a package without a tag is taken from
// this tree. "New" is this tree with the next versions and with a visible addition to memory and pool, so that
// the two differ, and the new pool needs the new memory, even right after a release.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { npmInstall, startRegistry } from "./lib/registry.mjs";
import { expect, plainEnvironment, publishedPackages, root, run, step, temporaryFolder } from "./lib/workspace.mjs";

const MEMORY = "@morph/memory";
const POOL = "@morph/pool";
const ARENA = "@morph/arena";
const CONTEXT = "@morph/mem-v2";

/** What a user sees whose packages do not speak the same contract. */
const REFUSE = `
import assert from "node:assert/strict";
import { Arena } from "${ARENA}";
import { LinearMemory } from "${MEMORY}";
import { Pool, PoolManager } from "${POOL}";

const memory = new LinearMemory();
const footprint = memory.footprint;
assert.equal(memory.contractVersion, 999);
assert.throws(() => new Pool({ slotSize: 64, memory }), { code: "ERR_MORPH_VERSION" });
assert.throws(() => new PoolManager({ memory }), { code: "ERR_MORPH_VERSION" });
assert.throws(() => new Arena({ memory }), { code: "ERR_MORPH_VERSION" });
assert.equal(memory.footprint, footprint);

const old = new Pool({ slotSize: 64 });
const future = { name: "future", contractVersion: 999, viewsChanged() {} };
assert.throws(() => old.memory.register(future), { code: "ERR_MORPH_VERSION" });
old.free(old.alloc());
`;

const work = temporaryFolder("upgrades");
const tarballs = [];
const packages = publishedPackages();

const oldTree = await copyReleased();
const newTree = copyOf(join(root, "packages"), "new");
const otherTree = copyOf(join(newTree, "packages"), "other");
for (const { folder, manifest } of publishedPackages(newTree))
  writeVersion(folder, manifest, nextCompatible(manifest.version));
edit(newTree, "memory/src/index.ts", /$/, '\nexport const ADDED: string = "new";\n');
edit(newTree, "pool/src/index.ts", /$/, '\nexport { ADDED } from "@morph/memory";\n');
edit(newTree, "pool/src/pool.ts", /^export class Pool \{$/m, "$&\n  isNew(): boolean {\n    return true;\n  }\n");
// The new size classes give the pages back at a reset, which a context then does, too.
edit(newTree, "pool/src/size-classes.ts", /(const keepsPages = )[^;]+;/, "$1false;");
// A memory of the far future, whose contract is another.
edit(otherTree, "memory/src/address-space.ts", /(CONTRACT_VERSION\b[^=\n]*= )\d+;/, "$1999;");
for (const { folder, manifest } of publishedPackages(otherTree)) writeVersion(folder, manifest, "999.0.0");

const before = await packTree(oldTree, () => true);
const after = await packTree(newTree, () => true);
const other = await packTree(otherTree, (name) => name === MEMORY);
console.log(`old ${list(before)}; new ${list(after)}`);
const registry = await startRegistry(tarballs);

await step("new pool, old arena: one memory", async () => {
  const dependencies = { [POOL]: after[POOL], [ARENA]: before[ARENA], [MEMORY]: `^${before[MEMORY]}` };
  await shareOneMemory("new-pool", dependencies, { newPool: true, memory: after[MEMORY] });
});
await step("old pool, new memory, new arena: one memory", async () => {
  const dependencies = { [POOL]: before[POOL], [ARENA]: after[ARENA], [MEMORY]: after[MEMORY] };
  await shareOneMemory("old-pool", dependencies, { newPool: false, memory: after[MEMORY] });
});
await step("old pool, new memory, old arena: one memory", async () => {
  const dependencies = { [POOL]: before[POOL], [ARENA]: before[ARENA], [MEMORY]: after[MEMORY] };
  await shareOneMemory("new-memory", dependencies, { newPool: false, memory: after[MEMORY] });
});
await step(
  "old context on an old pool, then on a new one: its slots are those of the pool that is installed",
  async () => {
    for (const [name, pool] of Object.entries({ "context-old-pool": before, "context-new-pool": after })) {
      const project = await install(name, {
        [CONTEXT]: before[CONTEXT],
        [POOL]: pool[POOL],
        [MEMORY]: after[MEMORY],
      });
      await runIn(project, COMPOSE({ newPool: pool === after }));
    }
  },
);
await step("new pool on an old memory that the user holds on to: two copies, one contract", async () => {
  const project = await install("two-copies", {
    [POOL]: after[POOL],
    [ARENA]: before[ARENA],
    [MEMORY]: before[MEMORY],
  });
  expect(project.copies.length === 2, `expected two copies of ${MEMORY}, npm installed ${project.copies.join(", ")}`);
  await runIn(project, SHARE({ newPool: true }));
});
await step("a memory or an allocator with another contract is refused with ERR_MORPH_VERSION", async () => {
  const project = await install("other-contract", {
    [POOL]: before[POOL],
    [ARENA]: before[ARENA],
    [MEMORY]: other[MEMORY],
  });
  await runIn(project, REFUSE);
});
registry.close();

/** Installs, and runs a pool and an arena in one memory. */
async function shareOneMemory(name, dependencies, { newPool, memory }) {
  const project = await install(name, dependencies);
  const wanted = `node_modules/${MEMORY}@${memory}`;
  expect(project.copies.join() === wanted, `expected only ${wanted}, npm installed ${project.copies.join(", ")}`);
  await runIn(project, SHARE({ newPool }));
}

async function install(name, dependencies) {
  const folder = join(work, name);
  mkdirSync(folder);
  const installed = Object.entries(await npmInstall(folder, dependencies, registry));
  const copies = installed.filter(([path]) => path.endsWith(MEMORY)).map(([path, version]) => `${path}@${version}`);
  return { folder, copies };
}

async function runIn({ folder }, code) {
  writeFileSync(join(folder, "user.mjs"), code);
  await run(process.execPath, ["user.mjs"], { cwd: folder });
}

/** What a user does with a pool and an arena of whatever versions: fill, free, grow, check every byte. */
function SHARE({ newPool }) {
  return `
import assert from "node:assert/strict";
import { Arena } from "${ARENA}";
import { LinearMemory } from "${MEMORY}";
import { Pool } from "${POOL}";

assert.equal("isNew" in Pool.prototype, ${newPool}, "the pool that was installed");
const memory = new LinearMemory({ initialPages: 4 });
const pool = new Pool({ slotSize: 64, memory });
const arena = new Arena({ memory });
assert.equal(pool.memory, memory);
assert.equal(arena.memory, memory);

const live = new Map();
const write = (pointer, bytes) => {
  memory.u8.fill(live.size & 255, pointer, pointer + bytes);
  live.set(pointer, { bytes, value: live.size & 255 });
};
for (let i = 0; i < 5000; i++) {
  write(pool.alloc(), 64);
  write(arena.alloc(1 + (i % 300)), 1 + (i % 300));
  if (i % 3 === 0) {
    const freed = pool.alloc();
    pool.free(freed);
    assert.throws(() => pool.free(freed), { code: "ERR_MORPH_DOUBLE_FREE" });
  }
}
assert.ok(memory.pageCount > 4, "the memory grew");
for (const [pointer, { bytes, value }] of live) {
  for (let i = 0; i < bytes; i++) assert.equal(memory.u8[pointer + i], value, "byte " + (pointer + i));
}
pool.verify();
arena.verify();
pool.destroy();
arena.destroy();
`;
}

/** What a user does with a context: what its `reset` does with the pages of small objects is the pool's. */
function COMPOSE({ newPool }) {
  return `
import assert from "node:assert/strict";
import { COMPILER, MemoryContext } from "${CONTEXT}";
import { LinearMemory } from "${MEMORY}";

const memory = new LinearMemory({ initialPages: 64 });
const context = new MemoryContext({ ...COMPILER, memory });
const { footprint } = memory;
for (let frame = 0; frame < 3; frame++) {
  const pointers = new Map();
  for (let i = 0; i < 30_000; i++) {
    const pointer = context.alloc(1 + (i % 64), i % 128);
    memory.u8.fill(i & 255, pointer, pointer + 1 + (i % 64));
    pointers.set(pointer, i);
  }
  for (const [pointer, i] of pointers) assert.equal(memory.u8[pointer + (i % 64)], i & 255);
  context.verify();
  const full = memory.footprint;
  assert.ok(full > footprint + 10 * 65_536);
  context.reset();
  context.verify();
  if (${newPool}) assert.ok(memory.footprint <= footprint + 65_536, "the pool's reset returns the pages");
  else assert.equal(memory.footprint, full, "the pool's reset keeps the pages");
}
context.destroy();
`;
}

/** A copy of the last release: each package from its newest tag, or from this tree when it has none. */
async function copyReleased() {
  const tree = copyOf(join(root, "packages"), "old");
  for (const { name, short } of packages) {
    const tags = await run("git", ["tag", "--list", `${name}@*`, "--sort=-version:refname"]).catch(() => "");
    const tag = tags.split("\n")[0];
    if (!tag) {
      console.log(`${name} has no release tag: this tree stands in for its last release`);
      continue;
    }
    const archive = join(work, `${short}.tar`);
    await run("git", ["archive", "--format=tar", `--output=${archive}`, tag, `packages/${short}`]);
    await run("tar", ["-xf", archive, "-C", tree]);
  }
  return tree;
}

function copyOf(from, name) {
  const tree = join(work, name);
  const filter = (path) => !/^(node_modules|dist|\.turbo)$/.test(basename(path));
  cpSync(from, join(tree, "packages"), { recursive: true, filter });
  return tree;
}

function edit(tree, file, pattern, replacement) {
  const path = join(tree, "packages", file);
  const text = readFileSync(path, "utf8");
  expect(pattern.test(text), `${file}: found no ${pattern} to change; this check needs another way to make it differ`);
  writeFileSync(path, text.replace(pattern, replacement));
}

/** Builds and packs a tree outside any workspace: plain JavaScript, with the ranges `workspace:^` stands for. */
async function packTree(tree, wanted) {
  const all = publishedPackages(tree);
  const versions = Object.fromEntries(all.map(({ name, manifest }) => [name, manifest.version]));
  for (const { name, folder, manifest } of all.filter((entry) => wanted(entry.name))) {
    await build({
      entryPoints: [join(folder, "src/index.ts")],
      outfile: join(folder, "dist/index.js"),
      bundle: true,
      packages: "external",
      format: "esm",
      target: "es2022",
      tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
      logLevel: "silent",
    });
    const dependencies = Object.fromEntries(
      Object.entries(manifest.dependencies ?? {}).map(([key, range]) => [
        key,
        range.replace(/^workspace:\^/, `^${versions[key]}`),
      ]),
    );
    const { version, type } = manifest;
    const published = { name, version, type, exports: "./dist/index.js", files: ["dist"], dependencies };
    writeFileSync(join(folder, "package.json"), JSON.stringify(published));
    const printed = await run("npm", ["pack", "--json", "--pack-destination", work], {
      cwd: folder,
      env: plainEnvironment(),
    });
    tarballs.push(join(work, JSON.parse(printed)[0].filename));
  }
  return versions;
}

function writeVersion(folder, manifest, version) {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...manifest, version }));
}

/** The next version that a caret range of this one takes: below 1.0 a minor version may break. */
function nextCompatible(version) {
  const [major, minor, patch] = version.split(".").map(Number);
  return major === 0 ? `0.${minor}.${patch + 1}` : `${major}.${minor + 1}.0`;
}

function list(versions) {
  return Object.entries(versions)
    .map(([name, version]) => `${name}@${version}`)
    .join(", ");
}
