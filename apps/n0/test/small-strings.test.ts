/** Strings that a module for the collector makes itself, at the sizes where the runtime takes over. */
import { expect, test } from "vitest";
import { executeSource, lines } from "./execute.ts";

const SIZES = `ambil "conv"
fungsi repeat(n int) string
  var all = ""
  selama panjang(all) < n
    all = all + substring("0123456789", 0, n - panjang(all))
  akhir
  kembalikan all
akhir
fungsi check(text string, n int) void
  jika panjang(text) != n native_print("length " + conv.Itoa(panjang(text)) + ", not " + conv.Itoa(n)) akhir
  jika text[n] != 0 native_print("no 0 behind " + conv.Itoa(n)) akhir
akhir
`;

test("joined and cut strings have their bytes around every limit of size", () => {
  const printed = lines(`${SIZES}
fungsi main() void
  var sizes = [0, 1, 7, 8, 9, 15, 16, 17, 63, 64, 255, 256, 510, 511, 512, 513, 1022, 1023, 1024, 1025, 2040, 2041, 3000]
  var sum = 0
  var i = 0
  selama i < panjang(sizes)
    var a = repeat(sizes[i])
    var j = 0
    selama j < panjang(sizes)
      var joined = a + substring(a + "abcdefghi", j % 5, sizes[j])
      check(joined, panjang(a) + panjang(substring(a + "abcdefghi", j % 5, sizes[j])))
      var k = 0
      selama k < panjang(joined)
        sum = (sum * 31 + joined[k]) % 1000003
        k = k + 101
      akhir
      jika panjang(joined) > 0
        sum = (sum * 31 + joined[panjang(joined) - 1]) % 1000003
      akhir
      j = j + 1
    akhir
    i = i + 1
  akhir
  native_print_int(sum)
akhir
`);
  expect(printed).toHaveLength(1);
});

test("start and end of a part are clamped to the string, whatever they are", () => {
  const ends = ["0", "1", "3", "5", "6", "-1", "4294967296", "4294967299", "-4294967295", "9223372036854775807"];
  const parts = ends.flatMap((start) =>
    ends.map((end) => `native_print("[" + substring("hello", ${start}, ${end}) + "]")`),
  );
  const cut = (start: string, end: string): string => {
    const clamp = (n: string): number => Math.min(Math.max(Number(n), 0), 5);
    return `[${"hello".slice(clamp(start), Math.max(clamp(end), clamp(start)))}]`;
  };
  expect(lines(parts.join("\n"))).toEqual(ends.flatMap((start) => ends.map((end) => cut(start, end))));
  expect(lines(`var none string = kosong\nnative_print("[" + substring(none, 0, 3) + "]")`)).toEqual(["[]"]);
});

test("numbers have all their digits", () => {
  const numbers = [
    "0",
    "9",
    "10",
    "99",
    "100",
    "4294967295",
    "4294967296",
    "-1",
    "-4294967296",
    "9223372036854775807",
    "-9223372036854775808",
  ];
  const text = (n: string): string => (n === "-9223372036854775808" ? "-9223372036854775807 - 1" : n);
  const source = `ambil "conv"\n${numbers.map((n) => `native_print(conv.Itoa(${text(n)}))`).join("\n")}`;
  expect(lines(source)).toEqual(numbers);
});

test("a null is refused as it was", () => {
  const source = `var none string = kosong\nnative_print("a" + none)`;
  expect(executeSource(source, { allocator: "gc" }).failure).toBe(executeSource(source).failure);
});

test("statistics count them, whoever has made them", () => {
  const run = (n: number) => {
    const source = `var i = 0\nvar all = ""\nselama i < ${n}\n  all = substring(all + "abcdefgh", 0, 8)\n  i = i + 1\nakhir\nnative_print(all)`;
    const { stats } = executeSource(source, { allocator: "gc" });
    return stats!.byType.find(({ name }) => name === "string")!;
  };
  const [few, many] = [run(10), run(1_010)];
  // Each turn makes 17 bytes and 9, with the 0 behind.
  expect(many.payload - few.payload).toBeGreaterThanOrEqual(1_000 * (17 + 9));
  expect(many.allocations - few.allocations).toBe(2_000);
});
