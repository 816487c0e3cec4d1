/** What a definition may do beyond its lab's import policy: what it needs, and what its header asks for. */
import { DefinitionError } from './errors.ts';
import { readSources } from './files.ts';
import { readHeader } from './header.ts';
import { findUses, grantOf } from './policy.ts';
import { positions } from './source.ts';
import { parseModule } from './syntax.ts';
import type { Files, ImportPolicy } from './types.ts';

export interface Place {
  file: string;
  line: number;
  column: number;
}

/** One name of the policy's `banned`, which is not allowed otherwise. */
export interface Permission {
  name: string;
  /** Whether the header's `permissions` have it. */
  asked: boolean;
  /** Where it is used, as far as can be seen. */
  places: Place[];
}

/** Of each that the files need or ask for; `policy` is the lab's own, without what was granted. */
export function permissionsNeeded(name: string, files: Files, policy: ImportPolicy): Permission[] {
  const found = new Map<string, Permission>();
  const of = (permission: string): Permission => {
    const one = found.get(permission) ?? { name: permission, asked: false, places: [] };
    found.set(permission, one);
    return one;
  };
  for (const [file, text] of readSources(files).texts) {
    if (file.startsWith('tests/')) continue;
    if (file === `${name}.py`) {
      for (const asked of readHeader(text).header.permissions ?? []) {
        const permission = grantOf(asked, policy);
        if (permission !== null) of(permission).asked = true;
      }
    }
    for (const { permission, place } of usesIn(text, policy)) {
      of(permission).places.push({ file, ...place });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Of `granted`, what the files still need or ask for. */
export function permissionsKept(name: string, files: Files, granted: readonly string[]): string[] {
  if (granted.length === 0) return [];
  const policy = { banned: [...granted], allowed: [] };
  return permissionsNeeded(name, files, policy).map((one) => one.name);
}

function usesIn(text: string, policy: ImportPolicy) {
  try {
    const module = parseModule(text);
    const places = positions(text);
    return findUses(module, policy).map(({ node, permission }) => {
      const { line, column } = places.span(node.from, node.to);
      return { permission, place: { line, column } };
    });
  } catch (error) {
    // What cannot be parsed is an error of its own and does not land.
    if (error instanceof DefinitionError) return [];
    throw error;
  }
}
