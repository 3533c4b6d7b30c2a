/** What a context refused since something was freed: it is refused again without a search. */
export class Refusals {
  /** The least size that was refused. */
  private size = 0;
  /** Objects freed so far when it was; -1 when nothing was refused. */
  private freed = -1;
  /** The memory's releases then, where a table was returned after it: the memory forgets then what it has refused. -1 where none was. */
  releases = -1;

  /** Whether anything was refused that has not been forgotten. */
  get any(): boolean {
    return this.freed >= 0;
  }

  /** Whether an object of that size, or a smaller one, was refused when as many objects had been freed. */
  covers(size: number, freed: number): boolean {
    return size >= this.size && freed === this.freed;
  }

  note(size: number, freed: number): void {
    this.size = freed === this.freed ? Math.min(size, this.size) : size;
    this.freed = freed;
  }

  forget(): void {
    this.freed = -1;
  }
}
