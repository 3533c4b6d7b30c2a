import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { codeOf } from "../../../scripts/test-kit/code.ts";
import {
  arrayOf,
  bits,
  bool,
  f32,
  f64,
  i16,
  i32,
  i64,
  pointer,
  struct,
  u8,
  u16,
  u32,
  utf8,
  vec,
} from "../src/index.ts";
import { extentOf, inC, type StructModel, spansOf, structModels, structOf } from "./struct-model.ts";

/** A C compiler of this machine, if it has one. */
const compiler = [process.env.CC, "cc", "gcc", "clang"].find((name) => {
  try {
    return name !== undefined && execFileSync(name, ["--version"]).length > 0;
  } catch {
    return false;
  }
});

describe("a struct's layout", () => {
  test("is C's", () => {
    const Mixed = struct({ a: u8, b: f64, c: u8, d: i16, e: vec(f32, 3), f: pointer(), g: bool, h: i64, i: utf8 });
    expect(Mixed.offsets).toEqual({ a: 0, b: 8, c: 16, d: 18, e: 20, f: 32, g: 36, h: 40, i: 48 });
    expect([Mixed.size, Mixed.align]).toEqual([56, 8]);
    const Outer = struct({ tag: u8, mixed: arrayOf(Mixed, 2), end: u16 });
    expect(Outer.offsets).toEqual({ tag: 0, mixed: 8, end: 120 });
    expect([Outer.size, Outer.align]).toEqual([128, 8]);
  });

  test("is without gaps when packed", () => {
    const Packed = struct({ a: u8, b: f64, c: i32 }, { layout: "packed" });
    expect(Packed.offsets).toEqual({ a: 0, b: 1, c: 9 });
    expect([Packed.size, Packed.align]).toEqual([13, 1]);
  });

  test("puts bit fields into units of their type", () => {
    const Flags = struct({ a: bits(u8, 3), b: bits(u8, 5), c: bits(u8, 1), d: bits(u32, 20), e: bits(u32, 20), f: u8 });
    expect(Flags.offsets).toEqual({ a: 0, b: 0, c: 1, d: 0, e: 4, f: 7 });
    expect([Flags.size, Flags.align]).toEqual([8, 4]);
  });

  test("is WGSL's in storage buffers", () => {
    // The example of the WGSL specification, "Structure Member Layout".
    const A = struct({ u: f32, v: f32, w: vec(f32, 2), x: f32 }, { layout: "wgsl" });
    expect([A.offsets, A.size, A.align]).toEqual([{ u: 0, v: 4, w: 8, x: 16 }, 24, 8]);
    const B = struct(
      { a: vec(f32, 2), b: vec(f32, 3), c: f32, d: f32, e: A, f: vec(f32, 3), g: arrayOf(A, 3), h: i32 },
      { layout: "wgsl" },
    );
    expect(B.offsets).toEqual({ a: 0, b: 16, c: 28, d: 32, e: 40, f: 64, g: 80, h: 152 });
    expect([B.size, B.align]).toEqual([160, 16]);
  });

  test("is std140's in uniform buffers", () => {
    const Light = struct({ position: vec(f32, 3), power: f32, color: vec(f32, 3) }, { layout: "std140" });
    expect([Light.offsets, Light.size, Light.align]).toEqual([{ position: 0, power: 12, color: 16 }, 32, 16]);
    const Scene = struct(
      {
        count: i32,
        weights: arrayOf(f32, 3),
        light: Light,
        lights: arrayOf(Light, 2),
        view: arrayOf(vec(f32, 4), 4),
        end: f32,
      },
      { layout: "std140" },
    );
    expect(Scene.offsets).toEqual({ count: 0, weights: 16, light: 64, lights: 96, view: 160, end: 224 });
    expect(Scene.size).toBe(240);
  });

  test("refuses what a layout has not", () => {
    for (const make of [
      () => struct({ a: f64 }, { layout: "wgsl" }),
      () => struct({ a: bool }, { layout: "std140" }),
      () => struct({ a: struct({ b: f32 }) }, { layout: "wgsl" }),
      () => struct({ a: struct({ b: f32 }, { layout: "std140" }) }, { layout: "wgsl" }),
      () => struct({ a: struct({ b: f32 }, { layout: "wgsl" }) }),
      () => struct({ a: f32 }, { layout: "C" as "c" }),
      () => struct({ a: f32 }, { layuot: "c" } as object),
      () => struct({}),
      () => struct({ a: 4 as unknown as typeof f32 }),
      () => struct({ 0: f32 }),
      () => struct({ at: f32 } as never),
      () => struct({ pointer: f32 } as never),
      () => struct(Object.fromEntries([["__proto__", f32]]) as never),
      () => struct(undefined as never),
      () => pointer(8 as never),
      () => vec(struct({ a: f32 }) as never, 3),
      () => arrayOf(undefined as never, 3),
      () => arrayOf(u8, 0),
      () => arrayOf(u8, 1.5),
      () => vec(f32, 5 as 4),
      () => bits(u8, 9),
      () => bits(u8, 0),
      () => bits(f32 as unknown as typeof u8, 3),
      () => bits(i64 as unknown as typeof u8, 3),
      () => struct({ a: arrayOf(arrayOf(u8, 2 ** 24), 128) }),
    ]) {
      expect(codeOf(make)).toBe("ERR_MORPH_INVALID_CONFIG");
    }
  });

  test("is as the model says that the random programs use", () => {
    fc.assert(
      fc.property(structModels(), (model) => {
        const Type = structOf(model);
        expect({ size: Type.size, align: Type.align }).toEqual(extentOf(model));
        for (const [i, { start }] of spansOf(model).entries()) {
          if (model.fields[i]?.kind !== "bits") expect(Type.offsets[`f${i}`]).toBe(start / 8);
        }
      }),
    );
  });

  test(`and the model is as a C compiler says (${compiler ?? "there is none here"})`, () => {
    const models = fc.sample(structModels(), { numRuns: 200, seed: 16 });
    const said = models.map((model) => {
      const { size, align } = extentOf(model);
      return [size, align, ...spansOf(model).map((span) => bytesOf(size, span))].join(" ");
    });
    expect(compiler === undefined ? said : runC(compiler, models)).toEqual(said);
  });
});

/** The bytes of a struct in which all bits of one field are set. */
function bytesOf(size: number, { start, bits }: { start: number; bits: number }): string {
  const bytes = new Uint8Array(size);
  for (let bit = start; bit < start + bits; bit++) bytes[bit >> 3] = (bytes[bit >> 3] as number) | (1 << (bit % 8));
  return Buffer.from(bytes).toString("hex");
}

/** What a C program says of the structs: size, alignment, and for each field the struct's bytes when only its bits are set. */
function runC(cc: string, models: readonly StructModel[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), "struct-"));
  try {
    const lines = models.map((model, i) => {
      const dumps = model.fields.map((field, j) => {
        const set = field.kind === "bits" ? `s.f${j} = -1;` : `memset(&s.f${j}, 255, sizeof s.f${j});`;
        return `memset(&s, 0, sizeof s); ${set} dump(&s, sizeof s);`;
      });
      return `{ struct s${i} s; printf("%zu %zu", sizeof s, _Alignof(struct s${i})); ${dumps.join(" ")} puts(""); }`;
    });
    const source = `#include <stdint.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
${models.map((model, i) => inC(model, `s${i}`)).join("\n")}
static void dump(const void *p, size_t n) {
  putchar(' ');
  for (size_t i = 0; i < n; i++) printf("%02x", ((const unsigned char *)p)[i]);
}
int main(void) {
${lines.join("\n")}
}
`;
    writeFileSync(join(folder, "structs.c"), source);
    execFileSync(cc, ["-w", "-Wno-packed-bitfield-compat", "-o", join(folder, "structs"), join(folder, "structs.c")]);
    return execFileSync(join(folder, "structs")).toString().trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
