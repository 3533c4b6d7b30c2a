/*
 * A package registry of a few tarballs on a local port, so that npm installs unpublished packages the way it will
 * install published ones: by version range, each range met or not. It has nothing else, so a dependency outside these
 * tarballs fails the install.
 */
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { expect, plainEnvironment, readJson, run } from "./workspace.mjs";

/** Serves `tarballs`; `close()` ends it. */
export async function startRegistry(tarballs) {
  const packages = new Map();
  const files = new Map();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url.slice(1));
    const found = files.get(path) ?? packages.get(path);
    response.statusCode = found === undefined ? 404 : 200;
    response.end(found instanceof Buffer ? found : JSON.stringify(found ?? { error: `not here: ${path}` }));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const url = `http://127.0.0.1:${server.address().port}/`;

  for (const tarball of tarballs) {
    const bytes = readFileSync(tarball);
    const manifest = JSON.parse(await run("tar", ["-xzOf", tarball, "package/package.json"]));
    const { name, version } = manifest;
    const entry = packages.get(name) ?? { name, versions: {} };
    expect(entry.versions[version] === undefined, `two tarballs of ${name}@${version}`);
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    entry.versions[version] = { ...manifest, dist: { tarball: url + basename(tarball), integrity } };
    entry["dist-tags"] = { latest: version };
    packages.set(name, entry);
    files.set(basename(tarball), bytes);
  }
  return { url, close: () => server.close() };
}

/**
 * Installs `dependencies` in the empty folder `project` and nothing else.
 * @returns what npm installed, `{ "node_modules/@morph/memory": "1.0.0", ... }`
 */
export async function npmInstall(project, dependencies, registry) {
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module", dependencies }));
  const settings = {
    registry: registry.url,
    // Of this run only: the same versions had other contents in the last one.
    cache: join(project, ".npm-cache"),
    userconfig: join(project, ".npmrc-none"),
    noproxy: "127.0.0.1",
  };
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...flags], {
    cwd: project,
    env: plainEnvironment(),
  });
  const { packages } = readJson(join(project, "node_modules", ".package-lock.json"));
  return Object.fromEntries(Object.entries(packages).map(([path, { version }]) => [path, version]));
}
