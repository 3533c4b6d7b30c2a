/** What somebody may have meant: the nearest of some names, and what other languages call things. */

/** Words of other languages and their Morph, in lower case. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  ["print", "native_print"],
  ["println", "native_print"],
  ["printf", "native_print"],
  ["cetak", "native_print"],
  ["tulis", "native_print"],
  ["len", "panjang"],
  ["length", "panjang"],
  ["size", "panjang"],
  ["append", "tambah"],
  ["push", "tambah"],
  ["has", "punya"],
  ["keys", "kunci"],
  ["delete", "hapus"],
  ["true", "benar"],
  ["false", "salah"],
  ["null", "kosong"],
  ["nil", "kosong"],
  ["none", "kosong"],
  ["integer", "int"],
  ["long", "int"],
  ["double", "float"],
  ["boolean", "bool"],
  ["str", "string"],
  ["teks", "string"],
]);

/** Words that start statements in other languages, and the Morph for them. */
const FOREIGN_STATEMENTS: ReadonlyMap<string, string> = new Map([
  ["if", "jika"],
  ["elif", "atau_jika"],
  ["elseif", "atau_jika"],
  ["else", "lainnya"],
  ["while", "selama"],
  ["for", "selama"],
  ["untuk", "selama"],
  ["loop", "selama"],
  ["switch", "pilih"],
  ["case", "kasus"],
  ["default", "lainnya"],
  ["break", "berhenti"],
  ["continue", "lanjut"],
  ["return", "kembalikan"],
  ["func", "fungsi"],
  ["fn", "fungsi"],
  ["function", "fungsi"],
  ["def", "fungsi"],
  ["struct", "struktur"],
  ["type", "struktur"],
  ["class", "struktur"],
  ["interface", "antarmuka"],
  ["import", "ambil"],
  ["from", "dari"],
  ["let", "var"],
  ["end", "akhir"],
]);

/**
 * The candidate that is the least changes away from a name, at most a third of its length; the first in the order of bytes when
 * several are. Case does not count as a change. O(candidates * length²).
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase();
  let best: string | undefined;
  let least = Math.min(Math.floor(wanted.length / 3), 3);
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - wanted.length) > least) continue;
    const changes = distance(wanted, candidate.toLowerCase());
    if (changes < least || (changes === least && (best === undefined || candidate < best))) {
      least = changes;
      best = candidate;
    }
  }
  return best;
}

/** `did you mean 'x'?`, of the candidates or of another language's word for one of them; undefined when nothing is near. */
export function didYouMean(name: string, candidates: ReadonlySet<string>): string | undefined {
  const foreign = FOREIGN.get(name.toLowerCase());
  const meant = nearest(name, candidates) ?? (foreign !== undefined && candidates.has(foreign) ? foreign : undefined);
  return meant === undefined ? undefined : `did you mean '${meant}'?`;
}

/** What a word at the start of a statement may be instead of a keyword; undefined when nothing is near. */
export function keywordMeant(word: string, keywords: Iterable<string>): string | undefined {
  return FOREIGN_STATEMENTS.get(word.toLowerCase()) ?? nearest(word, keywords);
}

/** Insertions, deletions, exchanges of one byte, and swaps of two neighbours, that make one word of the other. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last: number[] = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(row[j - 1]! + 1, last[j]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
