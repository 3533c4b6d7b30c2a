/** The tokens of Morph, named as messages name them. */

/** Keywords, matched whatever their case. */
export const KEYWORDS: ReadonlyMap<string, TokenType> = new Map<string, TokenType>([
  ["var", "VAR"],
  ["tetapan", "TETAPAN"],
  ["const", "TETAPAN"],
  ["fungsi", "FUNGSI"],
  ["native", "NATIVE"],
  ["struktur", "STRUKTUR"],
  ["antarmuka", "INTERFACE"],
  ["jika", "JIKA"],
  ["atau_jika", "ATAU_JIKA"],
  ["lainnya", "LAINNYA"],
  ["selama", "SELAMA"],
  ["pilih", "PILIH"],
  ["kasus", "KASUS"],
  ["berhenti", "BERHENTI"],
  ["lanjut", "LANJUT"],
  ["kembalikan", "KEMBALIKAN"],
  ["kembali", "KEMBALIKAN"],
  ["akhir", "AKHIR"],
  ["benar", "BENAR"],
  ["salah", "SALAH"],
  ["kosong", "KOSONG"],
  ["dan", "DAN"],
  ["atau", "ATAU"],
  ["ambil", "AMBIL"],
  ["dari", "DARI"],
  ["map", "MAP"],
]);

/** Operators and delimiters are their own names. */
export type TokenType =
  | "VAR"
  | "TETAPAN"
  | "FUNGSI"
  | "NATIVE"
  | "STRUKTUR"
  | "INTERFACE"
  | "JIKA"
  | "ATAU_JIKA"
  | "LAINNYA"
  | "SELAMA"
  | "PILIH"
  | "KASUS"
  | "BERHENTI"
  | "LANJUT"
  | "KEMBALIKAN"
  | "AKHIR"
  | "BENAR"
  | "SALAH"
  | "KOSONG"
  | "DAN"
  | "ATAU"
  | "AMBIL"
  | "DARI"
  | "MAP"
  | "IDENT"
  | "INT"
  | "FLOAT"
  | "CHAR"
  | "STRING"
  | "ILLEGAL"
  | "EOF"
  | "="
  | "+"
  | "-"
  | "!"
  | "*"
  | "/"
  | "%"
  | "<"
  | ">"
  | "=="
  | "!="
  | "<="
  | ">="
  | "&"
  | "|"
  | "^"
  | "~"
  | "<<"
  | ">>"
  | ","
  | ";"
  | ":"
  | "."
  | "("
  | ")"
  | "{"
  | "}"
  | "["
  | "]"
  /** Starts an interpolation inside a string; a `}` ends it. */
  | "#{";

/** One token. */
export interface Token {
  readonly type: TokenType;
  /** As written; empty for strings. */
  readonly text: string;
  /** The value of a STRING, escapes resolved. */
  readonly bytes: Uint8Array;
  /** From 1. */
  readonly line: number;
  /** From 1, in bytes. The parts of one string after its first have the place of their own text. */
  readonly column: number;
  /** Whether white space or a comment stands before it, which binary operators need on both sides. */
  readonly spaceBefore: boolean;
}
