import type { Server } from "node:http";
export function bundlePage(): Promise<string>;
export function serve(port: number): Promise<Server>;
