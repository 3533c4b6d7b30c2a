/** A plain object with 64 bytes of fields in Node, whose fields are 8 bytes each. */
export interface EightFields {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
  g: number;
  h: number;
}

/** A new one. */
export const eightFields = (): EightFields => ({ a: 0, b: 0, c: 0, d: 0, e: 0, f: 0, g: 0, h: 0 });
