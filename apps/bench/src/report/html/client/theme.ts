const NARROW_PX = 600;

/** Matches where labels have to wrap. */
export const NARROW: string = `(max-width: ${NARROW_PX - 1}px)`;
export const DARK = "(prefers-color-scheme: dark)";
export const FONT = 'system-ui, "DejaVu Sans", sans-serif';

export const narrow = (): boolean => window.matchMedia(NARROW).matches;

/** Size of small print. */
export const fontSize = (): number => (narrow() ? 10 : 12);

/** A colour of the style sheet, which has another one where the scheme is dark. */
export const colour = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Words in lines of so many characters; one line where there is room. */
export const wrapped = (text: string, length: number): string | string[] =>
  narrow()
    ? text.split(" ").reduce<string[]>((lines, word) => {
        const last = lines.at(-1);
        if (last === undefined || last.length + word.length >= length) lines.push(word);
        else lines[lines.length - 1] = `${last} ${word}`;
        return lines;
      }, [])
    : text;

const TILE = 8;

/** Diagonal stripes, so that "behind" is not told by colour alone. */
export const striped = (base: string): CanvasPattern | string => {
  const tile = document.createElement("canvas");
  tile.width = tile.height = TILE;
  const pen = tile.getContext("2d");
  if (pen === null) return base;
  pen.strokeStyle = base;
  pen.lineWidth = 2.5;
  for (const offset of [-TILE, 0, TILE]) {
    pen.moveTo(offset, TILE);
    pen.lineTo(offset + TILE, 0);
  }
  pen.stroke();
  return pen.createPattern(tile, "repeat") ?? base;
};
