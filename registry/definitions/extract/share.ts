/** Warns where definitions that were carved apart used to share state. */
import type { Carving } from './carve.ts';
import type { SourceFolder } from './folder.ts';
import { byText } from './paths.ts';
import { type SharedState, sharedState } from './state.ts';

/** So many of those that share a state are named. */
const SHOWN = 5;

/** Of the state of a folder's modules, which definition holds a copy of which. */
export class Sharing {
  readonly #folder: SourceFolder;
  readonly #states = new Map<string, { state: SharedState; holders: string[] }[]>();

  constructor(folder: SourceFolder) {
    this.#folder = folder;
  }

  /** Notes what a definition holds. */
  add(name: string, carving: Carving): void {
    for (const { holders } of this.#kept(carving)) holders.push(name);
  }

  /** To be called when all is noted, and before any warning. */
  settle(): void {
    for (const states of this.#states.values())
      for (const { holders } of states) holders.sort(byText);
  }

  /** A warning for each state that others hold as well. */
  warnings(name: string, carving: Carving): string[] {
    return this.#kept(carving).flatMap(({ path, state, holders }) => {
      if (holders.length < 2) return [];
      return [
        `${path}:${state.line}: ${state.name} is shared with ${others(holders, name)} there; ` +
          'as definitions of their own each has a copy',
      ];
    });
  }

  #kept({ parts }: Carving) {
    return [...parts].flatMap(([path, part]) =>
      this.#of(path)
        .filter(({ state }) => part.kept.has(state.statement))
        .map(({ state, holders }) => ({ path, state, holders })),
    );
  }

  #of(path: string) {
    const states =
      this.#states.get(path) ??
      sharedState(this.#folder, path).map((state) => ({ state, holders: [] }));
    this.#states.set(path, states);
    return states;
  }
}

/** The first of the others: of thousands, all would be gone through for each. */
function others(holders: readonly string[], name: string): string {
  const shown = holders
    .slice(0, SHOWN + 1)
    .filter((other) => other !== name)
    .slice(0, SHOWN);
  const more = holders.length - 1 - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
