/**
 * The places where generated code does something for the collector: barriers, roots, what is read back. Each has a number in its module, so
 * that tests can leave one out and see that somebody notices.
 */
export class Sites {
  /** What each place is for, by number. */
  readonly kinds: string[] = [];
  private readonly omitted: (kind: string, number: number) => boolean;

  /** @param omitted for tests: whether a place is left out */
  constructor(omitted: (kind: string, number: number) => boolean = () => false) {
    this.omitted = omitted;
  }

  /** Notes a place. @returns whether it has its code */
  keep(kind: string): boolean {
    return !this.omitted(kind, this.kinds.push(kind) - 1);
  }
}
