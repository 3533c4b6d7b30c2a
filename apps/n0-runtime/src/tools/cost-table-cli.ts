import { formatCosts, objectCosts } from "./cost-table.ts";

/** Every payload that a boundary makes interesting, and those between in steps of 16; `--all` prints each from 0 to 512. */
const all = process.argv.includes("--all");
const payloads = Array.from({ length: 513 }, (_, payload) => payload).filter((payload) => all || payload % 16 === 0);

console.log("Bytes of memory for an object, by arithmetic and measured on 100,000 of them.");
console.log(
  "V1: page tails and 72-byte descriptors included. V2: slabs and blocks, then with the tables that know what is live.\n",
);
console.log(formatCosts(objectCosts(payloads, all ? 20_000 : 100_000)));
