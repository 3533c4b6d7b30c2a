import Table from "cli-table3";

/** A table as text, without colours: they would be noise in a log. @param left so many columns are aligned to the left */
export const textTable = (head: readonly string[], rows: readonly (readonly string[])[], left = 1): string => {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, column) => (column < left ? "left" : "right")),
  });
  table.push(...rows.map((row) => [...row]));
  return table.toString();
};
