/** The options of an import that choose which classes become definitions, and under which names. */
import { matchesPattern } from '../../../text/glob.ts';

/** `--rename`: a new name for all classes of one name, or only for the class in one file. */
export interface Renaming {
  path?: string;
  from: string;
  to: string;
}

export interface Choice {
  /** gitignore(5) patterns. A pattern without a slash also matches names of classes. */
  include?: readonly string[];
  exclude?: readonly string[];
  /**
   * Files or folders, most preferred first. If two classes have the same name, the one from the first matching entry
   * wins.
   */
  prefer?: readonly string[];
  rename?: readonly Renaming[];
}

interface Named {
  path: string;
  name: string;
}

/** Applies the options and remembers which options matched a class. */
export class Chooser {
  readonly #choice: Choice;
  readonly #met = new Set<string | Renaming>();

  constructor(choice: Choice) {
    this.#choice = choice;
  }

  /** Why the options exclude the class; undefined if the options include the class. */
  refusal(one: Named): string | undefined {
    const { include = [], exclude = [] } = this.#choice;
    const [out] = exclude.filter((pattern) => this.#fits(pattern, one));
    const asked = include.filter((pattern) => this.#fits(pattern, one));
    if (out !== undefined) return `left out by --exclude ${out}`;
    return include.length > 0 && asked.length === 0 ? 'matches no --include' : undefined;
  }

  /**
   * Whether a pattern of `--include` names the class itself. A named class becomes a definition even if it looks like a
   * base of other classes.
   */
  isNamed({ name }: Named): boolean {
    return (this.#choice.include ?? []).some(
      (pattern) => !pattern.includes('/') && matchesPattern(name, pattern),
    );
  }

  /** The index of the first `--prefer` option that matches; the number of options if none does. */
  rank({ path }: { path: string }): number {
    const { prefer = [] } = this.#choice;
    const at = prefer.findIndex((wanted) => path === wanted || path.startsWith(`${wanted}/`));
    if (at < 0) return prefer.length;
    this.#met.add(prefer[at] as string);
    return at;
  }

  /** The name of the definition that is made from this class. */
  nameOf({ path, name }: Named): string {
    const { rename = [] } = this.#choice;
    const found = [...rename]
      .sort((a, b) => Number(a.path === undefined) - Number(b.path === undefined))
      .find((one) => one.from === name && (one.path ?? path) === path);
    if (!found) return name;
    this.#met.add(found);
    return found.to;
  }

  /**
   * The options that matched no class, as the user wrote them. An option without a match is probably a typing error.
   */
  unmet(): string[] {
    const { include = [], exclude = [], prefer = [], rename = [] } = this.#choice;
    const isUnmet = (one: string | Renaming): boolean => !this.#met.has(one);
    return [
      ...include.filter(isUnmet).map((pattern) => `--include ${pattern}`),
      ...exclude.filter(isUnmet).map((pattern) => `--exclude ${pattern}`),
      ...prefer.filter(isUnmet).map((path) => `--prefer ${path}`),
      ...rename.filter(isUnmet).map((one) => `--rename ${written(one)}`),
    ];
  }

  #fits(pattern: string, { path, name }: Named): boolean {
    const fits =
      matchesPattern(path, pattern) || (!pattern.includes('/') && matchesPattern(name, pattern));
    if (fits) this.#met.add(pattern);
    return fits;
  }
}

/** A renaming as it is written on the command line. */
export const written = ({ path, from, to }: Renaming): string =>
  `${path === undefined ? '' : `${path}:`}${from}=${to}`;
