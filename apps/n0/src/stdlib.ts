/**
 * The standard modules, as Morph: they are imported like files, when no file of that path is found. What is `native`
 * here is implemented by the runtime; a program's own file may declare the same natives under the same import path.
 */
import type { NativeName } from "./symbols.ts";

const SOURCES: ReadonlyMap<string, string> = new Map([
  [
    "io",
    `struktur File
  fd int
akhir
var Stdout File = File{fd: 1}
fungsi Open(path string) File native
fungsi Create(path string) File native
fungsi Read(f File, size int) string native
fungsi Write(f File, s string) int native
fungsi Close(f File) int native
`,
  ],
  [
    "conv",
    `fungsi Itoa(i int) string native
fungsi Atoi(s string) (int, error) native
`,
  ],
  [
    "time",
    `fungsi Now() int native
fungsi Sleep(ms int) void native
`,
  ],
  [
    "string",
    `fungsi Length(s string) int native
fungsi Concat(a string, b string) string native
`,
  ],
  [
    "math",
    `tetapan PI float = 3.141592653589793
fungsi Add(a int, b int) int
  kembalikan a + b
akhir
fungsi Sin(x float) float
  kembalikan x
akhir
`,
  ],
]);

/** The source of a standard module, undefined when there is none of that import path. */
export function standardModule(path: string): string | undefined {
  return SOURCES.get(path);
}

/** The signature of each native function, as messages write it. */
const NATIVES: Readonly<Record<NativeName, string>> = {
  "io.Open": "fungsi(string) File",
  "io.Create": "fungsi(string) File",
  "io.Read": "fungsi(File, int) string",
  "io.Write": "fungsi(File, string) int",
  "io.Close": "fungsi(File) int",
  "conv.Itoa": "fungsi(int) string",
  "conv.Atoi": "fungsi(string) (int, error)",
  "time.Now": "fungsi() int",
  "time.Sleep": "fungsi(int) void",
  "string.Length": "fungsi(string) int",
  "string.Concat": "fungsi(string, string) string",
};

/** The native function of that module and name, and the signature it has; undefined when the runtime has none. */
export function nativeFunction(modulePath: string, name: string): { name: NativeName; signature: string } | undefined {
  const native = `${modulePath}.${name}`;
  return Object.hasOwn(NATIVES, native)
    ? { name: native as NativeName, signature: NATIVES[native as NativeName] }
    : undefined;
}
