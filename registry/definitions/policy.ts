/**
 * The import policy: what a definition may not import or call. The policy catches mistakes and does not replace review.
 */

import { builtinReads } from './builtin-reads.ts';
import { referencesIn } from './references.ts';
import { positions } from './source.ts';
import { STANDARD_LIBRARY } from './stdlib.ts';
import { type Module, type Node, readImport, walk } from './syntax.ts';
import { TWINS } from './twins.ts';
import type { Diagnostic, ImportPolicy } from './types.ts';

/** Modules in which the name `open` is the built-in `open`. */
const OPENING: ReadonlySet<string> = new Set(['io', '_io', '_pyio']);

/** What tests import besides the code under test. No policy of a lab bans it in `tests/`. */
const TEST_TOOLS = ['pytest', 'pybirch_registry.testing'];

/**
 * The policy for one file. Tests obey the policy like all other code: their files land too, and a definition can import
 * them.
 */
export const policyIn = (file: string, { banned, allowed }: ImportPolicy): ImportPolicy => ({
  banned,
  allowed: file.startsWith('tests/') ? [...allowed, ...TEST_TOOLS] : allowed,
});

/** A use of a banned name. */
export interface Use {
  node: Node;
  code: string;
  message: string;
  /** The banned name in the policy that a lab admin would have to allow. */
  permission: string;
}

/**
 * Finds uses of banned names. `banned-import` is an import of a banned module or of its submodule, or access to a
 * banned module through another module (`glob.os`). `banned-builtin` is any place where a name can refer to a banned
 * built-in.
 */
export function checkPolicy(module: Module, policy: ImportPolicy): Diagnostic[] {
  const places = positions(module.text);
  return findUses(module, policy)
    .map(({ node, code, message }) => ({ ...places.span(node.from, node.to), code, message }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

export function findUses(module: Module, policy: ImportPolicy): Use[] {
  const names = policy.banned.filter((one) => !covers(policy.allowed, one));
  const found = builtinReads(module, new Set(names)).map(({ node, name, rebound }) =>
    useOfBuiltin(node, name, rebound),
  );
  walk(module.root, (node) => {
    if (node.type !== 'ImportStatement') return true;
    for (const { name, node: at } of importedBy(node, module.text)) {
      const permission = grantOf(name, policy);
      if (permission !== null) found.push(useOfModule(at, name, permission));
      else found.push(...useOf(at, name, policy));
    }
    return false;
  });
  for (const reference of referencesIn(module))
    for (const name of reference.names)
      found.push(...useOf(reference.node, name, policy).slice(0, 1));
  return found;
}

function importedBy(node: Node, text: string): { name: string; node: Node }[] {
  const { level, module, names } = readImport(node, text);
  if (level > 0) return [];
  return names.map((one) => ({
    ...one,
    name: module === null ? one.name : `${module}.${one.name}`,
  }));
}

/** A use of a banned built-in or module as an attribute of another module. */
function useOf(node: Node, dotted: string, policy: ImportPolicy): Use[] {
  const end = dotted.lastIndexOf('.');
  const owner = dotted.slice(0, Math.max(end, 0));
  // Modules of the standard library often import `os as _os`.
  const part = dotted.slice(end + 1).replace(/^_(?=[a-z])/, '');
  if (!policy.banned.includes(part)) return [];
  const permission = grantOf(part, policy);
  if (permission === null) return [];
  if (owner === 'builtins' || (OPENING.has(owner) && part === 'open'))
    return [useOfBuiltin(node, part)];
  const isModule = owner === '' || STANDARD_LIBRARY.has(owner.split('.')[0] as string);
  return isModule && STANDARD_LIBRARY.has(part) ? [useOfModule(node, dotted, permission)] : [];
}

function useOfModule(node: Node, name: string, permission: string): Use {
  const message = `Importing ${name} is not allowed here: leave it out, or ask the lab's admins to allow it`;
  return { node, code: 'banned-import', message, permission };
}

function useOfBuiltin(node: Node, name: string, rebound = false): Use {
  const other = rebound
    ? `define the file's own ${name} above, in every branch`
    : "use the instrument's own interface";
  const message = `The built-in ${name} is not allowed here: ${other}, or ask the lab's admins to allow it`;
  return { node, code: 'banned-builtin', message, permission: name };
}

/** The name in `banned` that bans a module or built-in; null if it may be used. */
export function grantOf(name: string, { banned, allowed }: ImportPolicy): string | null {
  if (covers(allowed.flatMap(withTwins), name)) return null;
  const by = banned.find((one) => covers(withTwins(one), name));
  return by === undefined || covers(allowed, by) ? null : by;
}

/** The name of a module, and the modules that implement that module or do the same. */
function withTwins(name: string): readonly string[] {
  return [name, ...(TWINS[name] ?? [])];
}

function covers(list: readonly string[], name: string): boolean {
  return list.some((one) => name === one || name.startsWith(`${one}.`));
}

/** The module or built-in in a message of `checkPolicy`. */
export function bannedName(message: string): string | undefined {
  return /(?:Importing|The built-in) (\S+) is not allowed/.exec(message)?.[1];
}
