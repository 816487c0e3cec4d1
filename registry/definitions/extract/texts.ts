/** The Python files of a folder as text and as trees: read again when they are asked for, and kept while there is room. */
import { decodeSource } from '../source.ts';
import { type Module, parseModule } from '../syntax.ts';
import { Room } from './room.ts';
import type { SourceFile } from './types.ts';

/** In UTF-16 code units of text: a tree takes some forty times the memory of its text. */
export const TREES = 250_000;
const TEXTS = 1_000_000;

export class Texts {
  readonly #files = new Map<string, SourceFile>();
  readonly #texts = new Room<string>(TEXTS, ({ length }) => length);
  readonly #trees = new Room<Module>(TREES, ({ text }) => text.length);
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

  /** Empty for a file that is not there. */
  text(path: string): string {
    const file = this.#files.get(path);
    if (!file) return '';
    return this.#texts.recall(path, () => decodeSource(file.bytes ?? new Uint8Array()).text);
  }

  /** @throws DefinitionError `too_deep` */
  tree(path: string): Module {
    return this.#trees.recall(path, () => parseModule(this.text(path)));
  }

  /** The name as one string for all its uses; as a part of a text it would keep the whole text in memory. */
  name(name: string): string {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const copy = Buffer.from(name).toString();
    this.#names.set(copy, copy);
    return copy;
  }
}
