import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Program, SETUPS, thrown, words } from "./support.ts";

const folder = mkdtempSync(join(tmpdir(), "n0-natives-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(SETUPS)("natives on %s", (_, setup) => {
  test("printing is byte exact and in order with io.Write to stdout", () => {
    const p = new Program(setup);
    const stdout = p.root(p.runtime.mph_io_make_file(1));
    p.runtime.mph_native_print(p.string("é"));
    expect(p.runtime.mph_io_Write(stdout, p.string("raw"))).toBe(3);
    p.runtime.mph_native_print_int(...words(-(1n << 63n)));
    p.runtime.mph_native_print_error(p.root(p.runtime.mph_error_new(p.string("bad"))));
    p.runtime.mph_native_print_error(0);
    p.runtime.mph_native_print(p.string("up to\0here"));
    p.runtime.mph_native_print(p.string(new Uint8Array([0xff, 0x0a])));
    const expected = "é\nraw-9223372036854775808\nError: bad\nError: (nil)\nup to\n";
    expect([...p.out.bytes()]).toEqual([...new TextEncoder().encode(expected), 0xff, 0x0a, 0x0a]);
    expect(thrown(() => p.runtime.mph_native_print(0))).toMatchObject({ reason: "null", exitCode: 139 });
  });

  test("a file is created, written, read in pieces and closed", () => {
    const p = new Program(setup);
    const path = p.string(join(folder, "file.txt"));
    const out = p.root(p.runtime.mph_io_Create(path));
    expect(p.word(out)).toBe(3);
    expect(p.runtime.mph_io_Write(out, p.string("hello"))).toBe(5);
    expect(p.runtime.mph_io_Write(out, p.string(""))).toBe(0);
    expect(p.runtime.mph_io_Close(out)).toBe(0);
    expect(readFileSync(join(folder, "file.txt"), "utf8")).toBe("hello");
    const file = p.root(p.runtime.mph_io_Open(path));
    expect(p.word(file)).toBe(4);
    const before = p.runtime.stats().allocations;
    expect(p.text(p.root(p.runtime.mph_io_Read(file, 3, 0)))).toBe("hel");
    expect(p.runtime.stats().allocations - before).toBe(2);
    expect(p.text(p.runtime.mph_io_Read(file, 100, 0))).toBe("lo");
    expect(p.text(p.runtime.mph_io_Read(file, 100, 0))).toBe("");
    expect(p.text(p.runtime.mph_io_Read(file, -1, -1))).toBe("");
    expect(p.runtime.mph_io_Write(file, p.string("no"))).toBe(0);
    expect(p.runtime.mph_io_Close(file)).toBe(0);
    expect(p.runtime.mph_io_Close(file)).toBe(-1);
    expect(p.text(p.runtime.mph_io_Read(file, 1, 0))).toBe("");
    expect(p.runtime.mph_io_Write(file, p.string("x"))).toBe(-1);
  });

  test("what cannot be opened is null; null files are -1 and empty; standard streams stay open", () => {
    const p = new Program(setup);
    expect(p.runtime.mph_io_Open(p.string(join(folder, "missing")))).toBe(0);
    expect(p.runtime.mph_io_Create(p.string(join(folder, "no", "folder")))).toBe(0);
    expect(p.runtime.mph_io_Write(0, p.string("x"))).toBe(-1);
    expect(p.runtime.mph_io_Write(0, 0)).toBe(-1);
    expect(p.runtime.mph_io_Close(0)).toBe(-1);
    expect(p.text(p.runtime.mph_io_Read(0, 5, 0))).toBe("");
    expect(p.runtime.mph_io_Close(p.root(p.runtime.mph_io_make_file(1)))).toBe(0);
    expect(p.runtime.mph_io_Close(p.root(p.runtime.mph_io_make_file(5000)))).toBe(-1);
    expect(thrown(() => p.runtime.mph_io_Open(0))).toMatchObject({ reason: "null" });
  });

  test("a path is bytes up to the first NUL, which need not be UTF-8", () => {
    const p = new Program(setup);
    const inside = mkdtempSync(join(folder, "bytes-"));
    const name = [0xef, 0xbb, 0xbf, 0xff, 0x41];
    const path = p.string(new Uint8Array([...new TextEncoder().encode(`${inside}/`), ...name, 0, 0x42]));
    expect(p.runtime.mph_io_Close(p.root(p.runtime.mph_io_Create(path)))).toBe(0);
    expect(readdirSync(inside, { encoding: "buffer" }).map((entry) => [...entry])).toEqual([name]);
  });

  test("a read of 2 GiB or more is the failure memory, whatever the file holds", () => {
    const p = new Program(setup);
    writeFileSync(join(folder, "small"), "text");
    const file = p.root(p.runtime.mph_io_Open(p.string(join(folder, "small"))));
    for (const size of [2n ** 31n, 2n ** 32n, 2n ** 40n]) {
      expect(thrown(() => p.runtime.mph_io_Read(file, ...words(size)))).toMatchObject({
        reason: "memory",
        exitCode: 1,
      });
    }
    expect(p.text(p.runtime.mph_io_Read(file, 100, 0))).toBe("text");
  });

  test("the file table has 1024 entries, and one more open is refused (V1-12)", () => {
    const p = new Program(setup, 2100);
    writeFileSync(join(folder, "small"), "");
    const path = p.string(join(folder, "small"));
    for (let index = 3; index < 1024; index++) {
      const file = p.runtime.mph_io_Open(path);
      expect(p.word(file)).toBe(index);
      p.runtime.mph_io_Close(file);
    }
    expect(p.runtime.mph_io_Open(path)).toBe(0);
    expect(p.runtime.mph_io_Create(path)).toBe(0);
  });

  test("Itoa and Atoi are exact to 64 bits", () => {
    const p = new Program(setup);
    for (const value of [0n, -1n, 1n << 40n, (1n << 63n) - 1n, -(1n << 63n)]) {
      const text = p.root(p.runtime.mph_conv_Itoa(...words(value)));
      expect(p.text(text)).toBe(String(value));
      expect(p.runtime.mph_conv_Atoi(text)).toBe(0);
      expect(p.result).toBe(value);
    }
    const error = p.root(p.runtime.mph_conv_Atoi(p.string("none")));
    expect(p.text(p.word(error))).toBe("Invalid integer");
    expect(p.result).toBe(0n);
    expect(thrown(() => p.runtime.mph_conv_Atoi(0))).toMatchObject({ reason: "null" });
  });

  test("what was printed goes out before stdin is read, and before Sleep", () => {
    const p = new Program(setup);
    let flushed = 0;
    p.out.flush = () => void flushed++;
    p.runtime.mph_io_Read(p.root(p.runtime.mph_io_make_file(0)), 0, 0);
    expect(flushed).toBe(1);
    p.runtime.mph_time_Sleep(0, 0);
    expect(flushed).toBe(2);
  });

  test("the clock does not go back, and Sleep waits", () => {
    const p = new Program(setup);
    p.runtime.mph_time_Now();
    const before = p.result;
    p.runtime.mph_time_Sleep(20, 0);
    p.runtime.mph_time_Sleep(-5, -1);
    p.runtime.mph_time_ms();
    expect(Number(p.result - before)).toBeGreaterThanOrEqual(19);
  });
});
