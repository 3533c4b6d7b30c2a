/** What programs without types pass by mistake. No integer is among them that could be right somewhere. */
const ODD_VALUES: readonly unknown[] = [
  undefined,
  null,
  1n,
  Symbol("odd"),
  "16",
  true,
  Number.NaN,
  -1,
  1.5,
  -0,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  {},
  [],
  [16],
  Object.create(null),
  { valueOf: () => 16 },
  (): number => 16,
];

/**
 * Calls each function with each odd value. It may take one; if it refuses it, then by an error with a code, and nothing has changed.
 * @param state what may not change
 * @returns what was otherwise, a line each
 */
export function takeOrRefuse(calls: Record<string, (odd: never) => unknown>, state: () => unknown): string[] {
  const wrong: string[] = [];
  for (const [name, call] of Object.entries(calls)) {
    for (const odd of ODD_VALUES) {
      const before = JSON.stringify(state());
      try {
        call(odd as never);
      } catch (error) {
        const code = String((error as { code?: unknown }).code);
        const what = `${name}, ${typeof odd} ${typeof odd === "object" ? JSON.stringify(odd) : String(odd)}`;
        if (!code.startsWith("ERR_MORPH_")) wrong.push(`${what}: ${String(error)}`);
        if (JSON.stringify(state()) !== before) wrong.push(`${what}: changed something`);
      }
    }
  }
  return wrong;
}
