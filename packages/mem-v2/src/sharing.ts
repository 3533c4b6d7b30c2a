/** The leave to make a context on shared memory; only `SharedContext` has one. */
export class Sharing {
  /** Pointer of the state that another thread made; 0 for a context of its own. */
  readonly state: number;

  constructor(state: number) {
    this.state = state;
  }
}
