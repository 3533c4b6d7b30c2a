/** Text as HTML. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** A cell: text, or markup that is finished already. */
export type Cell = string | { readonly html: string };

/** A row and its class. */
export interface Row {
  readonly cells: readonly Cell[];
  readonly kind?: string;
}

const content = (cell: Cell): string => (typeof cell === "string" ? escapeHtml(cell) : cell.html);

/** A table that scrolls by itself where the page is narrow. */
export const table = (head: readonly string[], rows: readonly Row[]): string => {
  const heads = head.map((cell) => `<th scope="col">${escapeHtml(cell)}</th>`).join("");
  const body = rows.map(({ cells, kind }) => {
    const [first = "", ...rest] = cells;
    const others = rest.map((cell) => `<td>${content(cell)}</td>`).join("");
    return `<tr${kind === undefined ? "" : ` class="${kind}"`}><th scope="row">${content(first)}</th>${others}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${heads}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
};

/** JSON inside a script element: nothing in it can end the element. */
export const embeddedJson = (value: unknown): string => JSON.stringify(value).replace(/</g, "\\u003c");

/** Code inside a script element, without its pointer to a source map beside it. */
export const embeddedScript = (code: string): string =>
  code.replace(/^\/\/# sourceMappingURL=.*$/gm, "").replace(/<\/(script)/gi, "<\\/$1");
