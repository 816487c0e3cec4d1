/** The Python files of a folder as texts and trees. Files are read when they are needed and kept in a limited cache. */
import { decodeSource } from '../source.ts';
import { type Module, parseModule } from '../syntax.ts';
import { SizedCache } from './sized-cache.ts';
import type { SourceFile } from './types.ts';

/** The limit for trees, in UTF-16 code units of their texts. A tree takes about forty times the memory of its text. */
export const TREES = 125_000;
const TEXTS = 1_000_000;

export class Texts {
  readonly #files = new Map<string, SourceFile>();
  readonly #texts = new SizedCache<string>(TEXTS, ({ length }) => length);
  readonly #trees = new SizedCache<Module>(TREES, ({ text }) => text.length);
  readonly #names = new Map<string, string>();

  add(file: SourceFile): void {
    this.#files.set(file.path, file);
  }

  delete(path: string): void {
    this.#files.delete(path);
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  paths(): Iterable<string> {
    return this.#files.keys();
  }

  /** The text of a file; empty if there is no such file. */
  text(path: string): string {
    const file = this.#files.get(path);
    if (!file) return '';
    return this.#texts.recall(path, () => decodeSource(file.bytes ?? new Uint8Array()).text);
  }

  /** @throws DefinitionError `too_deep` */
  tree(path: string): Module {
    return this.#trees.recall(path, () => parseModule(this.text(path)));
  }

  /** A copy of a name, the same for equal names. A substring of a text would keep the whole text in memory. */
  name(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const copy = Buffer.from(name).toString();
    this.#names.set(copy, copy);
    return copy;
  }
}
