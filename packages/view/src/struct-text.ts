import { readUtf8 } from "./strings.ts";
import type { Access, Extent, FieldType, Layout, Site } from "./struct-field.ts";
import { pointer } from "./struct-pointer.ts";
import { u32 } from "./types.ts";

/** Bytes that a text's pointer is a multiple of: those of its length. */
const TEXT_ALIGN = 4;

/** The type of {@link utf8}. */
export interface Text extends FieldType<string | null, string | null, number> {
  readonly assignable: false;
}

class TextType implements Text {
  readonly assignable: false = false;

  extent(layout: Layout): Extent {
    return u32.extent(layout);
  }

  bind(site: Site): Access<string | null, number> {
    const { get, set, check } = pointer(() => ({ align: TEXT_ALIGN })).bind(site);
    const { memory } = site.views;
    return {
      get: () => {
        const text = get();
        return text === 0 ? null : readUtf8(memory, text);
      },
      set,
      check,
    };
  }

  toPlain(text: string | null): string | null {
    return text;
  }
}

/** A pointer to a text of `writeUtf8`. It is read as the text, null where there is none; what one writes is the pointer. O(length). */
export const utf8: Text = /* @__PURE__ */ new TextType();
