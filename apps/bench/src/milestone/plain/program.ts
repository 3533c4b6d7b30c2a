/**
 * A program of the milestone as one writes it in TypeScript: on plain objects, strings, arrays and maps, with the result of its namesake in
 * Morph, but not with its detours.
 *
 * @param print takes a line of output
 * @param source path of what a front end reads; other programs read nothing
 */
export type PlainProgram = (print: (line: string) => void, source: string) => void;
