import { readUtf8 } from "./strings.ts";
import type { Access, Extent, FieldType, Layout, Site } from "./struct-field.ts";
import { u32 } from "./types.ts";

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
    const { get, set } = u32.bind(site);
    const { memory } = site.views;
    return {
      get: () => {
        const text = get();
        return text === 0 ? null : readUtf8(memory, text);
      },
      set,
    };
  }

  toPlain(text: string | null): string | null {
    return text;
  }
}

/** A pointer to a text of `writeUtf8`. It is read as the text, null where there is none; what one writes is the pointer. O(length). */
export const utf8: Text = /* @__PURE__ */ new TextType();
