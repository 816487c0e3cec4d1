/** Which of the classes found become definitions, and by which names: what the person who imports says of it. */
import { matchesPattern } from '../../../text/glob.ts';

/** `--rename`: classes of this name, or only the one in this file, get another one. */
export interface Renaming {
  path?: string;
  from: string;
  to: string;
}

export interface Choice {
  /** Patterns as gitignore(5) has them; one without a slash means the names of classes too. */
  include?: readonly string[];
  exclude?: readonly string[];
  /** Files or folders whose class is meant where two have one name; the first that fits counts. */
  prefer?: readonly string[];
  rename?: readonly Renaming[];
}

interface Named {
  path: string;
  name: string;
}

/** Says what is chosen, and remembers what of the choice met nothing. */
export class Chooser {
  readonly #choice: Choice;
  readonly #met = new Set<string | Renaming>();

  constructor(choice: Choice) {
    this.#choice = choice;
  }

  /** Why the class is not to be taken; undefined where it is. */
  refusal(one: Named): string | undefined {
    const { include = [], exclude = [] } = this.#choice;
    const [out] = exclude.filter((pattern) => this.#fits(pattern, one));
    const asked = include.filter((pattern) => this.#fits(pattern, one));
    if (out !== undefined) return `left out by --exclude ${out}`;
    return include.length > 0 && asked.length === 0 ? 'matches no --include' : undefined;
  }

  /** True where `--include` names the class itself: then it is taken although it looks like a base of others. */
  isNamed({ name }: Named): boolean {
    return (this.#choice.include ?? []).some(
      (pattern) => !pattern.includes('/') && matchesPattern(name, pattern),
    );
  }

  /** Its place among the preferred ones, from 0; as many as there are where it is none. */
  rank({ path }: { path: string }): number {
    const { prefer = [] } = this.#choice;
    const at = prefer.findIndex((wanted) => path === wanted || path.startsWith(`${wanted}/`));
    if (at < 0) return prefer.length;
    this.#met.add(prefer[at] as string);
    return at;
  }

  /** The name that the class gets. */
  nameOf({ path, name }: Named): string {
    const { rename = [] } = this.#choice;
    const found = [...rename]
      .sort((a, b) => Number(a.path === undefined) - Number(b.path === undefined))
      .find((one) => one.from === name && (one.path ?? path) === path);
    if (!found) return name;
    this.#met.add(found);
    return found.to;
  }

  /** The options that met no class, as they are written: most likely a typing error. */
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

/** A renaming as the command line has it. */
export const written = ({ path, from, to }: Renaming): string =>
  `${path === undefined ? '' : `${path}:`}${from}=${to}`;
