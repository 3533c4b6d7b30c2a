/** What a context refused since something was freed, or the memory got free pages: it is refused again without a search. */
export class Refusals {
  /** The least size that was refused. */
  private size = 0;
  /** Objects freed so far when it was; -1 when nothing was refused. */
  private freed = -1;
  /** The memory's releases then. */
  private releases = -1;
  /** Whether a table was returned to the memory before that: then the memory has forgotten what it refused. */
  hasReturnedTable = false;

  /** Whether anything was refused that has not been forgotten. */
  get any(): boolean {
    return this.freed >= 0;
  }

  /** Whether an object of that size, or a smaller one, was refused when as many objects had been freed, and the memory had as many releases. */
  covers(size: number, freed: number, releases: number): boolean {
    return size >= this.size && freed === this.freed && releases === this.releases;
  }

  note(size: number, freed: number, releases: number): void {
    const isSame = freed === this.freed && releases === this.releases;
    this.size = isSame ? Math.min(size, this.size) : size;
    this.freed = freed;
    this.releases = releases;
  }

  forget(): void {
    this.freed = -1;
  }
}
