/** What a module for the collector does itself, without the runtime, where the runtime takes over, and what all modules do: arrays, maps, literals. */
import { expect, test } from "vitest";
import { executeLiteralsEachTime, GC_WAYS, lines } from "./execute.ts";
import { program } from "./support.ts";

test("arrays of all kinds of elements are joined around every limit of size", () => {
  const sizes = [0, 1, 2, 63, 126, 127, 254, 255, 256, 510, 511];
  const printed = lines(`struktur Pair
  a int
  b string
akhir
antarmuka Sized
  fungsi size() int
akhir
fungsi (p Pair) size() int
  kembalikan p.a
akhir
fungsi main() void
  var sizes = [${sizes.join(", ")}]
  var sum = 0
  var i = 0
  selama i < panjang(sizes)
    var n = sizes[i]
    var numbers []int = []
    var flags []bool = []
    var pairs []Pair = []
    var sized []Sized = []
    var one []Sized = []
    var pair = Pair{a: n, b: "pair"}
    var y Sized = pair
    var z Sized = Pair{a: 5, b: "z"}
    tambah(one, z)
    var k = 0
    selama k < n
      tambah(numbers, k)
      tambah(flags, k % 3 == 0)
      tambah(pairs, pair)
      tambah(sized, y)
      k = k + 1
    akhir
    numbers = numbers + [n, 0 - n] + numbers
    flags = flags + [benar, salah, benar]
    pairs = [Pair{a: 7, b: "first"}, kosong] + pairs
    sized = sized + one + sized
    k = 0
    selama k < panjang(numbers)
      sum = (sum * 31 + numbers[k]) % 1000003
      k = k + 1
    akhir
    k = 0
    selama k < panjang(flags)
      jika flags[k] sum = (sum * 31 + k) % 1000003 akhir
      k = k + 1
    akhir
    k = 0
    selama k < panjang(pairs)
      jika pairs[k] != kosong sum = (sum * 31 + pairs[k].a + panjang(pairs[k].b)) % 1000003 akhir
      k = k + 1
    akhir
    k = 0
    selama k < panjang(sized)
      sum = (sum * 31 + sized[k].size()) % 1000003
      k = k + 1
    akhir
    native_print_int(panjang(numbers) * 1000000 + panjang(flags) + panjang(pairs) + panjang(sized))
    i = i + 1
  akhir
  native_print_int(sum)
akhir
`);
  expect(printed.slice(0, -1)).toEqual(
    sizes.map((n) => String((2 * n + 2) * 1_000_000 + (n + 3) + (n + 2) + (2 * n + 1))),
  );
});

test("maps find numbers and texts, however much was deleted and added again", () => {
  const printed = lines(`ambil "conv"
fungsi main() void
  var texts map[string]string = {}
  var numbers map[int]int = {}
  var base = "abcdefghijklmnopqrstuvwxyz"
  var seed = 1
  var i = 0
  selama i < 250
    seed = (seed * 1103515245 + 12345) % 2147483648
    var n = seed / 65536
    # Keys of 0 to 20 bytes; some differ in one byte, of which each place has its turn.
    var cut = n % 21
    var key = substring(base, 0, cut) + conv.Itoa(n % 3) + substring(base, cut, cut + n / 64 % 5)
    var number = (n % 40 - 20) * 4294967295
    jika n / 512 % 4 == 0
      hapus(texts, key)
      hapus(numbers, number)
    lainnya
      texts[key] = key + conv.Itoa(i)
      numbers[number] = numbers[number] + i
    akhir
    jika texts[key] != kosong dan n % 7 == 0
      native_print(texts[key] + " " + conv.Itoa(numbers[number]) + " " + conv.Itoa(panjang(texts)) + " " + conv.Itoa(panjang(numbers)))
    akhir
    i = i + 1
  akhir
  native_print_int(numbers[77])
akhir
`);
  expect(printed.length).toBeGreaterThan(20);
  expect(printed.at(-1)).toBe("0");
});

test("a text is compared with literals of every length", () => {
  const letters = "abcdefghijklmnopqr";
  const cases = [...letters, ""].flatMap((_, n) => {
    const text = letters.slice(0, n);
    const others = [text, `${text}x`, text.slice(1), `${text.slice(0, -1)}z`, `z${text.slice(1)}`];
    return others.map((literal) => ({ n, literal, same: literal === text }));
  });
  const source = `fungsi say(b bool) void
  jika b native_print("yes") lainnya native_print("no") akhir
akhir
fungsi main() void
  var all = "${letters}"
  var none string = kosong
  ${cases.map(({ n, literal }) => `say(substring(all, 0, ${n}) == "${literal}") say("${literal}" != substring(all, 0, ${n}))`).join("\n  ")}
  say(none == "") say("a" == none) say(none != "")
akhir`;
  const answers = [...cases.flatMap(({ same }) => (same ? ["yes", "no"] : ["no", "yes"])), "no", "no", "yes"];
  expect(lines(source)).toEqual(answers);
  for (const [, options] of GC_WAYS) {
    const { stdout, failure } = executeLiteralsEachTime(program(source), options);
    expect(failure).toBe(null);
    expect(stdout.split("\n").slice(0, -1)).toEqual(answers);
  }
});

test("a division by a constant rounds toward 0, whatever is divided", () => {
  const divisors = [
    1n,
    2n,
    3n,
    8n,
    10n,
    65521n,
    2n ** 30n,
    2n ** 31n - 1n,
    2n ** 31n,
    2n ** 32n,
    2n ** 62n,
    2n ** 63n - 1n,
  ];
  const limits = [0n, 7n, 8n, 2n ** 31n, 2n ** 32n, 2n ** 33n, 10n ** 12n, 2n ** 63n];
  const values = limits
    .flatMap((limit) => [limit - 1n, limit, limit + 1n].flatMap((value) => [value, -value]))
    .filter((value) => BigInt.asIntN(64, value) === value);
  const rows = divisors.map((by) => `  native_print_int(n / ${by}) native_print_int(n % ${by})`);
  const texts = values.map((value) => (value === -(2n ** 63n) ? "-9223372036854775807 - 1" : String(value)));
  const source = `fungsi all(n int) void
${rows.join("\n")}
akhir
fungsi main() void
${texts.map((text) => `  all(${text})`).join("\n")}
akhir`;
  expect(lines(source)).toEqual(values.flatMap((n) => divisors.flatMap((by) => [String(n / by), String(n % by)])));
});
