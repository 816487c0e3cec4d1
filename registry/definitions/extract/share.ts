/** Warns where definitions that were carved apart used to share state. */
import type { Carving } from './carve.ts';
import type { SourceFolder } from './folder.ts';
import { byText } from './paths.ts';
import type { InstrumentClass } from './roles.ts';
import { sharedState } from './state.ts';
import type { Extracted } from './types.ts';

export interface Carved {
  definition: Extracted;
  carving: Carving;
  cls: InstrumentClass;
}

/** Adds a warning to each definition that holds a copy of state which others hold as well. */
export function warnOfSharedState(folder: SourceFolder, all: readonly Carved[]): void {
  const byModule = new Map<string, Carved[]>();
  for (const carved of all) {
    for (const path of carved.carving.parts.keys()) {
      byModule.set(path, [...(byModule.get(path) ?? []), carved]);
    }
  }
  for (const [path, holders] of byModule) {
    if (holders.length < 2) continue;
    for (const state of sharedState(folder, path)) {
      const sharing = holders.filter(({ carving }) =>
        carving.parts.get(path)?.kept.has(state.statement),
      );
      if (sharing.length < 2) continue;
      for (const { definition } of sharing) {
        const others = sharing
          .map((other) => other.definition.name)
          .filter((name) => name !== definition.name);
        definition.warnings.push(
          `${path}:${state.line}: ${state.name} is shared with ${list(others.sort(byText))} there; ` +
            'as definitions of their own each has a copy',
        );
      }
    }
  }
}

function list(names: string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
