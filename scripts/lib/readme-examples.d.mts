export interface Example {
  name: string;
  code: string;
  output: string[];
}
export function readExamples(file: string): Example[];
export function requireOutput(example: Example, printed: string[]): void;
export function runExample(example: Example, folder: string, conditions?: string[]): Promise<void>;
