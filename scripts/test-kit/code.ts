/** The `code` of the error that `action` throws; fails the test when it throws none. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return (error as { code?: string }).code ?? `no code: ${error}`;
  }
  return "did not throw";
}
