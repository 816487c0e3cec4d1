/** The syntax trees of a folder's modules: made when asked for, kept while there is room. */
import { type Module, parseModule } from '../syntax.ts';

/** In UTF-16 code units of text: a tree takes some forty times the memory of its text. */
export const ROOM = 1_000_000;

export class Trees {
  readonly #kept = new Map<string, Module>();
  #length = 0;

  /**
   * The tree of a text; least recently used ones make room for it.
   * @throws DefinitionError `too_deep`
   */
  of(text: string): Module {
    const known = this.#kept.get(text);
    if (known) this.#kept.delete(text);
    else this.#length += text.length;
    const module = known ?? parseModule(text);
    this.#kept.set(text, module);
    for (const oldest of this.#kept.keys()) {
      if (this.#length <= ROOM || oldest === text) break;
      this.#kept.delete(oldest);
      this.#length -= oldest.length;
    }
    return module;
  }
}
