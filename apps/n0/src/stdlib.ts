/**
 * The standard modules, as Morph: they are imported like files, when no file of that path is found. What is `native`
 * here is implemented by the runtime; a program's own file may declare the same natives under the same import path.
 */

const SOURCES: ReadonlyMap<string, string> = new Map([
  [
    "io",
    `struktur File
  fd int
akhir
var Stdin File = make_file(0)
var Stdout File = make_file(1)
var Stderr File = make_file(2)
fungsi make_file(fd int) File native
fungsi Open(path string) File native
fungsi Create(path string) File native
fungsi Read(f File, size int) string native
fungsi ReadAll(f File) string native
fungsi Write(f File, s string) int native
fungsi WriteBytes(f File, bytes []int) int native
fungsi Close(f File) int native
`,
  ],
  [
    "conv",
    `fungsi Itoa(i int) string native
fungsi Atoi(s string) (int, error) native
fungsi Ftoa(f float) string native
fungsi Atof(s string) (float, error) native
fungsi FloatBits(f float) int native
fungsi FloatFromBits(i int) float native
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
fungsi FromByte(n int) string native
fungsi FromBytes(bytes []int) string native
fungsi Bytes(s string) []int native
fungsi Compare(a string, b string) int native
`,
  ],
  [
    "bytes",
    `struktur Builder
akhir
fungsi New() Builder native
fungsi Add(b Builder, s string) void native
fungsi AddByte(b Builder, n int) void native
fungsi AddAll(b Builder, other Builder) void native
fungsi Get(b Builder, i int) int native
fungsi Set(b Builder, i int, n int) void native
fungsi Length(b Builder) int native
fungsi Clear(b Builder) void native
fungsi String(b Builder) string native
`,
  ],
  [
    "os",
    `var Args []string = args()
fungsi args() []string native
fungsi Exit(code int) void native
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

/** The import paths of all standard modules. */
export function standardModules(): Iterable<string> {
  return SOURCES.keys();
}
