// Uses the built packages in a real browser: headless Chromium, in pages that are isolated, as shared memory needs it, and that forbid `eval`.
//
// Run after a build: `pnpm check:browser`. It needs Debian's package chromium.
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";
import { serve as serveParticles } from "../examples/particles/serve.mjs";
import { PAGES, serve } from "./browser/site.mjs";
import { expect, step } from "./lib/workspace.mjs";

const executablePath = "/usr/bin/chromium";
/** Nothing of the browser's own goes to the network, and pages can ask for a collection. */
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--js-flags=--expose-gc",
];
/** Milliseconds of one check at most; each takes a few seconds. */
const CHECK_MS = 60_000;

if (!existsSync(executablePath)) {
  console.error(`FAIL  no browser at ${executablePath}: install Debian's package chromium`);
  process.exit(1);
}
const site = await serve();
const browser = await chromium.launch({ executablePath, args: FLAGS, chromiumSandbox: process.getuid?.() !== 0 });
console.log(`Chromium ${browser.version()}`);
for (const name of PAGES) await checkPage(name);
await step("examples/particles: the page draws, and particles move", checkParticles);
await browser.close();
site.close();

/** Runs what a page offers, one after the other: `page.checks` there is an object of functions, each of which may return a detail. */
async function checkPage(name) {
  const { page, problems } = await open(`${site.url}/${name}.html`);
  const titles = await page.evaluate(() => Object.keys(globalThis.page.checks));
  expect(titles.length > 0, `the page ${name} offers no checks`);
  for (const title of titles) {
    await step(`${name}: ${title}`, async () => {
      const detail = await soon(page.evaluate((which) => globalThis.page.checks[which](), title));
      expect(problems.length === 0, problems.join("\n"));
      return detail;
    });
  }
  await page.context().close();
}

async function checkParticles() {
  const server = await serveParticles(0);
  const { page, problems } = await open(`http://127.0.0.1:${server.address().port}/`);
  const drawn = () =>
    page.evaluate(() => {
      const canvas = document.querySelector("canvas");
      return [...new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer)];
    });
  const isColored = (pixel) => pixel !== 0;
  await page.waitForTimeout(500);
  const before = await drawn();
  await page.waitForTimeout(300);
  const after = await drawn();
  const count = after.filter(isColored).length;
  const colors = new Set(after.filter(isColored)).size;
  const changed = after.filter((pixel, i) => pixel !== before[i]).length;
  expect(count > 2000 && colors > 3 && changed > 1000, `${count} pixels of ${colors} colors, ${changed} changed`);
  expect(problems.length === 0, problems.join("\n"));
  await page.context().close();
  server.close();
  return `${count} pixels`;
}

/** Opens a page as a user of its own, and gathers what goes wrong on it. */
async function open(url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.stack ?? String(error)));
  page.on("crash", () => problems.push("the page crashed"));
  // Also what the content security policy forbids.
  page.on("console", (message) => {
    if (message.type() === "error" && !message.location().url.endsWith("favicon.ico")) problems.push(message.text());
  });
  await page.goto(url);
  return { page, problems };
}

/** Fails when a promise takes too long. */
function soon(promise) {
  let timer;
  const late = new Promise((_, fail) => {
    timer = setTimeout(() => fail(new Error(`not done after ${CHECK_MS / 1000} s`)), CHECK_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
