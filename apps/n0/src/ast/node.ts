/** Where a node stands in its file: the token that each node's comment names. */
export interface Node {
  readonly line: number;
  readonly column: number;
}
