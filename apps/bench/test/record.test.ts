import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { build as bundled } from "esbuild";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { LiveObjects } from "../src/record/live-objects.js";
import { type RecordProgress, record } from "../src/record/record.js";
import { RepFile } from "../src/record/rep-file.js";
import { RepStream } from "../src/record/rep-stream.js";
import { parseTrace, readTrace } from "../src/rep-reader.js";
import { FREE, REALLOCATE } from "../src/trace.js";

const [END, ALLOCATED, REALLOCATED, FREED, LIMITED] = [0, 1, 2, 3, 4] as const;
const request = (code: number, size = 0, old = 0, pointer = 0): number[] =>
  [code, size, old, pointer].flatMap((value) => [value % 2 ** 32, Math.floor(value / 2 ** 32)]);
const requests = (...each: number[][]): Uint32Array => Uint32Array.from(each.flat());

const HIGH = 0x7fff_0000_0010;

const folder = mkdtempSync(`${tmpdir()}/recorded-`);
afterAll(() => rmSync(folder, { recursive: true }));

describe("a recording becomes a trace", () => {
  const first = requests(
    request(ALLOCATED, 40, 0, HIGH),
    request(ALLOCATED, 10, 0, 32),
    request(REALLOCATED, 100, HIGH, 64),
    request(FREED, 0, 12_345),
  );
  const second = requests(
    request(FREED, 0, 64),
    request(ALLOCATED, 7, 0, 64),
    request(REALLOCATED, 9, 999, 128),
    request(END),
    request(ALLOCATED, 1, 0, 256),
  );
  const lines = ["a 0 40", "a 1 10", "r 0 100", "f 0", "a 2 7", "a 3 9", ""].join("\n");

  test("in which an allocation keeps its id, in whatever pieces it comes", () => {
    const stream = new RepStream();
    expect(stream.lines(first) + stream.lines(second)).toBe(lines);
    expect(stream.operations).toBe(6);
    expect(stream.liveBytes).toBe(26);
    expect(stream.header.split("\n").map(Number)).toEqual([110, 4, 6, 1, 0]);
    expect(parseTrace(Buffer.from(stream.header + lines)).peakLive).toBe(110);
  });

  test("that ends at its limit", () => {
    const stream = new RepStream();
    const text = stream.lines(requests(request(ALLOCATED, 40, 0, HIGH), request(LIMITED), request(FREED, 0, HIGH)));
    expect(text).toBe("a 0 40\n");
    expect(stream.limited).toBe(true);
  });

  test.each([
    ["plain.rep", false],
    ["packed.rep.gz", true],
  ] as const)("whose file %s is whole after each piece", (name, zipped) => {
    const file = new RepFile(`${folder}/${name}`, zipped);
    const read = () => {
      const bytes = readFileSync(file.path);
      expect(file.bytes).toBe(bytes.length);
      return parseTrace(zipped ? gunzipSync(bytes) : bytes);
    };
    file.add(requests(request(END)));
    expect(existsSync(file.path)).toBe(false);
    file.add(first);
    expect(read()).toMatchObject({ idCount: 2, peakLive: 110, operations: { length: 3 } });
    file.add(second);
    expect(read()).toMatchObject({ idCount: 4, peakLive: 110, operations: { length: 6 } });
  });
});

test("live objects are found by their pointer, whatever was taken out before", () => {
  const pointer = fc.integer({ min: 1, max: 3_000 }).map((number) => number * 16 + (number % 7) * 2 ** 40);
  const step = fc.record({ pointer, put: fc.boolean(), size: fc.nat(2 ** 40) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6_000, size: "max" }), (steps) => {
      const table = new LiveObjects();
      const model = new Map<number, { id: number; size: number }>();
      steps.forEach(({ pointer, put, size }, id) => {
        if (put) {
          table.set(pointer, id, size);
          model.set(pointer, { id, size });
        } else {
          const [found, known] = [table.take(pointer), model.get(pointer)];
          if (found?.id !== known?.id || found?.size !== known?.size) expect(found).toEqual(known);
          model.delete(pointer);
        }
        if (table.count !== model.size) expect(table.count).toBe(model.size);
      });
      const left = [...model.keys()].map((pointer) => [pointer, table.take(pointer)]);
      expect(left).toEqual([...model]);
      expect(table.count).toBe(0);
    }),
    { numRuns: 30 },
  );
});

const canRecord = (): boolean => {
  try {
    return process.platform === "linux" && /GNU|GLIBC/.test(execFileSync("ldd", ["--version"], { encoding: "utf8" }));
  } catch {
    return false;
  }
};

describe.runIf(canRecord())("a real program", () => {
  const source = `
    #include <stdint.h>
    #include <stdlib.h>
    #include <unistd.h>
    /* Replaces objects at random, PAIRS times with LIVE of them, and then waits for as many seconds as the third argument says. */
    int main(int argc, char **argv) {
      (void)argc;
      const size_t pairs = strtoul(argv[1], NULL, 10), live = strtoul(argv[2], NULL, 10);
      void **objects = calloc(live, sizeof *objects);
      uint32_t state = 1;
      for (size_t i = 0; i < pairs; i++) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        free(objects[state % live]);
        objects[state % live] = malloc(1 + (state >> 23));
      }
      sleep(strtoul(argv[3], NULL, 10));
      return 7;
    }`;
  const program = `${folder}/program`;
  const build = (): string => {
    if (existsSync(program)) return program;
    writeFileSync(`${program}.c`, source);
    execFileSync(process.env.CC || "cc", ["-O2", "-fno-builtin", `${program}.c`, "-o", program]);
    return program;
  };

  test("is recorded, and its exit code passed on", async () => {
    // Whether the shell reallocates depends on how many variables it is given.
    const variables = Array.from({ length: 500 }, (_, i) => `export MORPH_${i}=1`).join("; ");
    const { exitCode, traces } = await record(["sh", "-c", `${variables}; ls -la / > /dev/null; exit 3`], {
      out: `${folder}/a.rep.gz`,
    });
    expect(exitCode).toBe(3);
    // The shell and ls.
    expect(traces.map(({ path }) => path)).toEqual([`${folder}/a.rep.gz`, `${folder}/a-2.rep.gz`]);
    const trace = readTrace(traces[0]!.path);
    expect(trace.operations.length).toBe(traces[0]!.operations);
    expect(trace.operations.includes(FREE)).toBe(true);
    expect(trace.operations.includes(REALLOCATE)).toBe(true);
  });

  test("of millions of calls is written as it comes", async () => {
    const seen: RecordProgress[] = [];
    const options = { out: `${folder}/many.rep.gz`, onProgress: (progress: RecordProgress) => seen.push(progress) };
    const { exitCode, traces } = await record([build(), "1000000", "1000", "0"], options);
    expect(exitCode).toBe(7);
    expect(traces).toHaveLength(1);
    const [{ path, operations, bytes, limited }] = traces as [(typeof traces)[0]];
    // The table, a million allocations, and a free of each but the last of each place.
    expect(operations).toBe(1 + 1_000_000 + 999_000);
    expect(limited).toBe(false);
    expect(readFileSync(path)).toHaveLength(bytes);
    const { operations: read, peakLive } = readTrace(path);
    expect(read).toHaveLength(operations);
    expect(peakLive).toBeGreaterThan(200_000);
    expect(peakLive).toBeLessThan(600_000);
    const onTheWay = seen.filter((progress) => progress.operations > 0 && progress.operations < operations);
    expect(onTheWay.length).toBeGreaterThan(0);
    expect(onTheWay.every(({ liveBytes, fileBytes }) => liveBytes > 0 && fileBytes > 0 && fileBytes <= bytes)).toBe(
      true,
    );
  });

  test("runs on where the trace is at its limit", async () => {
    const { exitCode, traces } = await record([build(), "300000", "10", "0"], {
      out: `${folder}/limit.rep`,
      limit: 100_000,
    });
    expect(exitCode).toBe(7);
    expect(traces).toMatchObject([{ operations: 100_000, limited: true }]);
    expect(readTrace(traces[0]!.path).operations).toHaveLength(100_000);
  });

  test("that is stopped leaves what was recorded until then", async () => {
    const stop = new AbortController();
    const onProgress = ({ operations }: RecordProgress): void => {
      if (operations > 0) stop.abort();
    };
    const options = { out: `${folder}/stopped.rep.gz`, signal: stop.signal, onProgress };
    const { exitCode, traces } = await record([build(), "100000", "100", "60"], options);
    expect(exitCode).toBe(1);
    expect(traces).toHaveLength(1);
    expect(readTrace(traces[0]!.path).operations).toHaveLength(traces[0]!.operations);
  });

  test.each(["full.rep", "full.rep.gz"])(
    "runs on where the disk is full, and what was recorded is kept: %s",
    async (name) => {
      const recorder = fileURLToPath(new URL("../src/record/record.ts", import.meta.url));
      const bundle = await bundled({
        stdin: {
          contents: `import { record } from ${JSON.stringify(recorder)};
          const [out, ...command] = process.argv.slice(1);
          await record(command, { out }).catch((error) => console.log(error.message));`,
          resolveDir: folder,
        },
        bundle: true,
        write: false,
        format: "esm",
        platform: "node",
        define: { "import.meta.url": JSON.stringify(pathToFileURL(recorder)) },
      });
      const { text } = bundle.outputFiles[0]!;
      // In blocks of 512 or 1,024 bytes: the recorder's windows have 2 MiB.
      const command = 'ulimit -f 5000; exec "$@"';
      const program = [build(), "2500000", "1000", "0"];
      const args = ["-c", command, "sh", process.execPath, "--input-type=module", "-e", text, `${folder}/${name}`];
      const said = execFileSync("sh", [...args, ...program], { encoding: "utf8" });
      const [, path, operations] = /^EFBIG.* is kept: (.*), (\d+) operations\n$/.exec(said) ?? [said];
      expect(path).toBe(`${folder}/${name}`);
      expect(Number(operations)).toBeGreaterThan(100_000);
      expect(readTrace(path!).operations).toHaveLength(Number(operations));
    },
  );

  test("leaves no other files", () => {
    expect(readdirSync(folder).filter((name) => name.includes(".part"))).toEqual([]);
  });

  test("that is not there is an error", async () => {
    await expect(record([`${folder}/missing`], { out: `${folder}/missing.rep` })).rejects.toThrow("ENOENT");
    expect(existsSync(`${folder}/missing.rep`)).toBe(false);
  });

  test("is not run when there is no place for its trace", async () => {
    const touched = `${folder}/touched`;
    await expect(record(["touch", touched], { out: `${folder}/none/a.rep` })).rejects.toThrow("ENOENT");
    for (const out of [folder, `${folder}/`, `${folder}/none/`, ""]) {
      await expect(record(["touch", touched], { out })).rejects.toThrow();
    }
    expect(existsSync(touched)).toBe(false);
  });
});
