/** Warns where definitions that were carved apart used to share state. */
import type { Carving } from './carve.ts';
import type { SourceFolder } from './folder.ts';
import { byText } from './paths.ts';
import { type SharedState, sharedState } from './state.ts';

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

  /** A warning for each state that others hold as well. */
  warnings(name: string, carving: Carving): string[] {
    return this.#kept(carving).flatMap(({ path, state, holders }) => {
      const others = holders.filter((other) => other !== name);
      if (others.length === 0) return [];
      return [
        `${path}:${state.line}: ${state.name} is shared with ${list(others.sort(byText))} there; ` +
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

function list(names: string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
