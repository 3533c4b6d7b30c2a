import type { Program } from "../src/ast.ts";
import { compileFrontEnd, type FrontEndResult } from "../src/front-end.ts";
import { verify } from "./verify.ts";

/** Checks a program given as text; `files` are the others it can import, by the path that is read. */
export function frontEnd(source: string | Uint8Array, files: Record<string, string> = {}): FrontEndResult {
  const encoder = new TextEncoder();
  return compileFrontEnd({
    file: "app/main.fox",
    bytes: typeof source === "string" ? encoder.encode(source) : source,
    reader: { read: (path) => (Object.hasOwn(files, path) ? encoder.encode(files[path]) : null) },
  });
}

/** What is wrong with a program; one that is right is also verified. `line:column message`, with the file in front when it is not the main one. */
export function messages(source: string, files?: Record<string, string>): string[] {
  const result = frontEnd(source, files);
  if (result.ok) {
    verify(result.program);
    return [];
  }
  return result.diagnostics.map(({ file, line, column, message }) => {
    const text = `${line}:${column} ${message}`;
    return file === "app/main.fox" ? text : `${file} ${text}`;
  });
}

/** The checked tree of a program that must be right. */
export function program(source: string, files?: Record<string, string>): Program {
  const result = frontEnd(source, files);
  if (!result.ok) throw new Error(messages(source, files).join("\n"));
  return result.program;
}
