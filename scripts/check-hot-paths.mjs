// Checks what V8 makes of the hot methods, without measuring time: how long their bytecode is, that it reads no variable of a module, and in
// which order an object has its fields. All are the same on every machine. A method that outgrows V8's budget is no longer inlined into a loop,
// and a field that moves can make V8 load others again; each makes a pair of calls several nanoseconds slower while all tests pass
// (docs/adr/0007). A module's `const` becomes a `var` in most bundles, which V8 loads each time: so the same is asked of the packages as they are,
// bundled by esbuild, and by rollup.
//
// Run after a build: `pnpm check:hot-paths`. When a change is meant, measure it, then change the numbers here.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { rollup } from "rollup";
import { expect, root, run, step, temporaryFolder } from "./lib/workspace.mjs";

/**
 * Bytes of bytecode that V8 inlines of one callee, and of all callees of a loop (`--max-inlined-bytecode-size`, `..-cumulative`), of which the last
 * counts by a fifth more (`--reserve-inline-budget-scale-factor`).
 */
const LONGEST_CALLEE = 460;
const LONGEST_LOOP = 920;
const LAST_CALLEE = 1.2;

/**
 * Hot methods by the class that has them. `use` calls each once, so that V8 compiles it. `budget` is what they may have together, because
 * a user's loop calls all of them; `write/3` is the `write` with three parameters, where others have that name; `fields` are the first ones of an object, in V8's order.
 */
const SUBJECTS = [
  {
    name: "Arena",
    file: "packages/arena/dist/index.js",
    use: "const it = new Arena(); it.alloc(8);",
    methods: ["alloc"],
    fields: ["cursor", "left"],
  },
  {
    name: "Pool",
    file: "packages/pool/dist/index.js",
    use: "const it = new Pool({ slotSize: 64 }); it.free(it.alloc());",
    methods: ["alloc", "free"],
    fields: ["lo", "granules", "table", "head", "cursor", "slabEnd", "extended", "slabs", "allocated"],
  },
  {
    name: "PoolManager",
    file: "packages/pool/dist/index.js",
    use: "const it = new PoolManager(); it.free(it.alloc(64));",
    methods: ["alloc", "free"],
    fields: [],
  },
  {
    name: "Heap",
    file: "packages/heap/dist/index.js",
    use: "const it = new Heap(); it.free(it.malloc(64));",
    methods: ["malloc", "tryMalloc", "free"],
    fields: ["control", "directory", "peakLive", "belowPeak"],
  },
  {
    name: "MemoryContext",
    file: "packages/mem-v2/dist/index.js",
    use: "const it = new MemoryContext(COMPILER); it.free(it.alloc(64, 1)); it.alloc(1000, 1);",
    imports: ["COMPILER"],
    methods: ["alloc", "free"],
    fields: ["belowPeak", "changes", "suspended", "destroyed", "config", "memory", "large", "state"],
  },
  {
    name: "MemoryContext",
    what: "large objects of a MemoryContext",
    file: "packages/mem-v2/dist/index.js",
    use: "const it = new MemoryContext(COMPILER); for (let i = 0; i < 2; i++) it.alloc(1000, 1);",
    imports: ["COMPILER"],
    methods: ["alloc", "cut"],
    fields: [],
  },
  {
    name: "Collector",
    file: "packages/gc/dist/index.js",
    use: "const it = new Collector(); const pair = it.type({ name: 'pair', size: 8, pointers: [0] }); const list = it.arrayType({ name: 'list', size: 4, pointers: [0] }); it.write(it.alloc(pair), 0, it.allocArray(list, 2));",
    methods: ["alloc", "allocArray", "write/3"],
    fields: [],
  },
];

const work = temporaryFolder("hot-paths");

for (const subject of SUBJECTS) {
  const forms = { package: join(root, subject.file), ...(await bundlesOf(subject)) };
  for (const [form, file] of Object.entries(forms)) {
    await step(
      `${subject.what ?? subject.name}, ${form}: short enough to be inlined, and reads no variable of a module`,
      async () => {
        const found = await bytecodeOf({ ...subject, file });
        const last = Math.max(...found.map(({ length }) => length)) * (LAST_CALLEE - 1);
        const sum = Math.trunc(found.reduce((total, { length }) => total + length, last));
        const all = found.map(({ method, length }) => `${method} ${length}`).join(", ");
        for (const { method, length, variables } of found) {
          expect(
            length <= LONGEST_CALLEE,
            `${method} has ${length} bytes of bytecode, V8 inlines up to ${LONGEST_CALLEE}: move what is rare into a method of its own`,
          );
          expect(
            variables.length === 0,
            `${method} reads variables of its module: ${variables.join("; ")}: put their values there, as fields or by the build`,
          );
        }
        expect(sum <= LONGEST_LOOP, `${all}: together ${sum} bytes, V8 inlines up to ${LONGEST_LOOP} into a loop`);
        return `${all} bytes`;
      },
    );
  }
  if (subject.fields.length > 0)
    await step(`${subject.name}: hot fields in their order`, async () => {
      const fields = await fieldsOf(subject);
      const first = fields.slice(0, subject.fields.length);
      expect(
        first.join() === subject.fields.join(),
        `the first fields are ${first.join(", ")}, expected ${subject.fields.join(", ")}: V8 tells stores apart by their place, so measure before you move one`,
      );
    });
}

/** The subject in one file with all that it imports, by the bundler's name. */
async function bundlesOf({ name, file, imports = [] }) {
  const input = join(root, file);
  const bundles = {
    "bundled by esbuild": join(work, `${name}-esbuild.mjs`),
    "bundled by rollup": join(work, `${name}-rollup.mjs`),
  };
  const [byEsbuild, byRollup] = Object.values(bundles);
  await build({
    entryPoints: [input],
    outfile: byEsbuild,
    bundle: true,
    minify: true,
    format: "esm",
    logLevel: "error",
  });
  const resolveId = (id) => (id.startsWith("@morph/") ? join(root, "packages", id.slice(7), "dist/index.js") : null);
  const made = await rollup({ input, plugins: [{ name: "workspace", resolveId }] });
  await made.write({ file: byRollup, format: "esm" });
  await made.close();
  for (const bundle of [byEsbuild, byRollup]) {
    const exported = Object.keys(await import(pathToFileURL(bundle)));
    expect(
      [name, ...imports].every((each) => exported.includes(each)),
      `${bundle} exports ${exported.join(", ")}`,
    );
  }
  return bundles;
}

/** Of each hot method: bytes of its bytecode, and the instructions in it that read a variable from outside of it. */
async function bytecodeOf({ name, methods, ...subject }) {
  const found = [];
  for (const each of methods) {
    const [method, parameters] = each.split("/");
    const printed = await runSubject({ name, ...subject }, ["--print-bytecode", `--print-bytecode-filter=${method}`]);
    // Other functions of that name print theirs too; the class's own is the longest.
    const functions = printed
      .split(/^(?=\[generated bytecode for function: )/m)
      .filter((text) => text.startsWith(`[generated bytecode for function: ${method} `))
      .filter((text) => parameters === undefined || text.includes(`\nParameter count ${Number(parameters) + 1}\n`))
      .map((text) => ({
        method,
        length: Number(/^Bytecode length: (\d+)/m.exec(text)?.[1]),
        variables: text.match(/\b(Lda\w*ContextSlot|LdaModuleVariable)\b.*/g) ?? [],
      }));
    expect(functions.length > 0, `V8 printed no bytecode of ${method}`);
    found.push(functions.reduce((longest, each) => (each.length > longest.length ? each : longest)));
  }
  return found;
}

async function fieldsOf(subject) {
  const printed = await runSubject(
    { ...subject, file: join(root, subject.file) },
    [],
    "console.log(Object.keys(it).join());",
  );
  return printed.trim().split(",");
}

function runSubject({ name, file, use, imports = [] }, flags, then = "") {
  const url = pathToFileURL(file);
  const code = `import { ${[name, ...imports].join(", ")} } from ${JSON.stringify(url)}; ${use} ${then}`;
  return run(process.execPath, [...flags, "--input-type=module", "--eval", code]);
}
