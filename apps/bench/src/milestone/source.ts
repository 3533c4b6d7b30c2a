/** Words that names are made of. */
const NOUNS = ["nilai", "batas", "hasil", "jumlah", "langkah", "panjangnya", "awal", "indeks", "daftar", "saldo"];
const VERBS = ["hitung", "cari", "tambah", "periksa", "gabung", "pilihan", "ukur", "salin"];
const BINARY = ["+", "-", "*", "+", "&", "^"];
const COMPARISONS = ["<", ">", "<=", ">=", "==", "!="];

/** xorshift32, so that every run reads the same source. */
class Random {
  private state = 0x9e3779b9;

  below(limit: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) % limit;
  }

  of(list: readonly string[]): string {
    return list[this.below(list.length)] as string;
  }
}

const operand = (random: Random, names: readonly string[]): string =>
  random.below(3) === 0 ? String(random.below(1000)) : random.of(names);

const arithmetic = (random: Random, names: readonly string[]): string => {
  const simple = `${operand(random, names)} ${random.of(BINARY)} ${operand(random, names)}`;
  return random.below(4) === 0 ? `(${simple}) * ${operand(random, names)}` : simple;
};

const comparison = (random: Random, names: readonly string[]): string =>
  `${random.of(names)} ${random.of(COMPARISONS)} ${operand(random, names)}`;

const structure = (random: Random, number: number): string[] => [
  `# ${random.of(NOUNS)} dan ${random.of(NOUNS)}, bagian ${number}`,
  `struktur Rekam${number}`,
  "  nama string",
  `  ${random.of(NOUNS)} int`,
  "  isi []int",
  "akhir",
  "",
];

const loop = (random: Random, names: readonly string[]): string[] => [
  "  var i = 0",
  `  selama i < ${1 + random.below(100)} dan ${comparison(random, names)}`,
  `    total = total + ${arithmetic(random, [...names, "i"])}`,
  "    i = i + 1",
  "  akhir",
];

const branches = (random: Random, names: readonly string[]): string[] => [
  `  jika ${comparison(random, names)}`,
  `    total = total + ${arithmetic(random, names)}`,
  `  atau_jika ${comparison(random, names)} atau ${comparison(random, names)}`,
  `    kembalikan ${arithmetic(random, names)}`,
  "  lainnya",
  `    native_print("${random.of(VERBS)} ${random.of(NOUNS)} #{conv.Itoa(total)}")`,
  "  akhir",
];

const record = (random: Random, struct: number): string[] => [
  `  var rekam = Rekam${struct}("${random.of(NOUNS)} ${random.below(100)}", total, [${random.below(9)}, total])`,
  `  jika rekam.nama != "" dan rekam.isi[0] ${random.of(COMPARISONS)} ${random.below(100)}`,
  "    total = total + panjang(rekam.isi) + panjang(rekam.nama)",
  "  akhir",
];

const call = (random: Random, names: readonly string[], known: readonly string[]): string[] => [
  `  total = total - ${random.of(known)}(${arithmetic(random, names)}, ${operand(random, names)})`,
];

const routine = (random: Random, number: number, struct: number, known: string[]): string[] => {
  const name = `${random.of(VERBS)}${number}`;
  const parameters = ["a", `${random.of(NOUNS)}${random.below(10)}`];
  const names = [...parameters, "total"];
  const lines = [
    `# ${random.of(VERBS)} ${random.of(NOUNS)} dari ${random.of(NOUNS)}`,
    `fungsi ${name}(${parameters.map((each) => `${each} int`).join(", ")}) int`,
    `  var total = ${arithmetic(random, parameters)}`,
  ];
  if (random.below(3) !== 0) lines.push(...loop(random, names));
  if (random.below(3) !== 0) lines.push(...branches(random, names));
  if (random.below(3) === 0) lines.push(...record(random, struct));
  if (known.length > 0) lines.push(...call(random, names, known));
  known.push(name);
  return [...lines, `  kembalikan ${arithmetic(random, names)}`, "akhir", ""];
};

/**
 * A Morph program of exactly so many lines: structs, functions with loops, branches, strings and calls. It is a valid one, and the same
 * in every run; a shorter one is not always the start of a longer one.
 *
 * @param lines at least 10
 */
export const generatedSource = (lines: number): string => {
  const random = new Random();
  const all = ['ambil "conv"', "", ...structure(random, 0)];
  const known: string[] = [];
  let struct = 0;
  for (let number = 1; ; number++) {
    const structs = number % 8 === 0;
    const part = structs ? structure(random, number) : routine(random, number, struct, known);
    if (all.length + part.length > lines) break;
    if (structs) struct = number;
    all.push(...part);
  }
  while (all.length < lines) all.push("# tamat");
  return `${all.join("\n")}\n`;
};
