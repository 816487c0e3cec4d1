/** Warns about definitions that shared state in the folder and do not share it any more. */
import { type Carving, keptStarts } from './carve.ts';
import type { SourceFolder } from './folder.ts';
import { byText } from './paths.ts';
import { type SharedState, sharedState } from './state.ts';

/** The most definitions that a warning names. */
const SHOWN = 5;

/** Remembers which definitions contain a copy of which module state. */
export class Sharing {
  readonly #folder: SourceFolder;
  readonly #states = new Map<string, { state: SharedState; holders: string[] }[]>();

  constructor(folder: SourceFolder) {
    this.#folder = folder;
  }

  /** Records which state a definition contains. */
  add(name: string, carving: Carving): void {
    for (const { holders } of this.#stateOf(carving)) holders.push(name);
  }

  /** Sorts the names. Call this method after the last `add` and before the first `warnings`. */
  settle(): void {
    for (const states of this.#states.values())
      for (const { holders } of states) holders.sort(byText);
  }

  /** A warning for each state that other definitions contain too. */
  warnings(name: string, carving: Carving): string[] {
    return this.#stateOf(carving).flatMap(({ path, state, holders }) => {
      if (holders.length < 2) return [];
      return [
        `${path}:${state.line}: ${state.name} is shared with ${others(holders, name)} in this folder; ` +
          'after the import each definition has its own copy',
      ];
    });
  }

  #stateOf({ parts }: Carving) {
    return [...parts].flatMap(([path, part]) => {
      const states = this.#of(path);
      if (states.length === 0) return [];
      const kept = keptStarts(part);
      return states
        .filter(({ state }) => kept.has(state.from))
        .map(({ state, holders }) => ({ path, state, holders }));
    });
  }

  #of(path: string) {
    const states =
      this.#states.get(path) ??
      sharedState(this.#folder, path).map((state) => ({ state, holders: [] }));
    this.#states.set(path, states);
    return states;
  }
}

/**
 * The names of the first few other definitions. With thousands of definitions, a full list for each would take too
 * long.
 */
function others(holders: readonly string[], name: string): string {
  const shown = holders
    .slice(0, SHOWN + 1)
    .filter((other) => other !== name)
    .slice(0, SHOWN);
  const more = holders.length - 1 - shown.length;
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ');
}
