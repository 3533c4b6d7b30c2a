/* Where the lock of a memory's records lies, in words from the memory's first page: no package exports it. */
export { lock as HEAD_LOCK } from "../../../packages/memory/src/head-words.ts";
