/** Finds the banned names that a definition uses, and those that its header asks for. */
import { DefinitionError } from './errors.ts';
import { readSources } from './files.ts';
import { readHeader } from './header.ts';
import { findUses, grantOf, policyIn } from './policy.ts';
import { positions } from './source.ts';
import { parseModule } from './syntax.ts';
import type { Files, ImportPolicy } from './types.ts';

export interface Place {
  file: string;
  line: number;
  column: number;
}

/** A banned name that the definition needs and the policy does not allow. */
export interface Permission {
  name: string;
  /** Whether the header asks for the name in `permissions`. */
  asked: boolean;
  /** Where the code uses the name, as far as can be determined. */
  places: Place[];
}

/** The permissions that the files need or ask for. `policy` is the lab's own policy, without grants. */
export function permissionsNeeded(name: string, files: Files, policy: ImportPolicy): Permission[] {
  const found = new Map<string, Permission>();
  const of = (permission: string): Permission => {
    const one = found.get(permission) ?? { name: permission, asked: false, places: [] };
    found.set(permission, one);
    return one;
  };
  for (const [file, text] of readSources(files).texts) {
    if (file === `${name}.py`) {
      for (const asked of readHeader(text).header.permissions ?? []) {
        const permission = grantOf(asked, policy);
        if (permission !== null) of(permission).asked = true;
      }
    }
    for (const { permission, place } of usesIn(text, policyIn(file, policy))) {
      of(permission).places.push({ file, ...place });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The granted permissions that the files still need or ask for. */
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
    // Code that cannot be parsed cannot land, and has its own error.
    if (error instanceof DefinitionError) return [];
    throw error;
  }
}
