/** The import policy: what a definition may not import or call (a seat belt; review is the wall). */

import { binds } from './binding.ts';
import { positions } from './source.ts';
import { type Module, type Node, nameOf, readImport, walk } from './syntax.ts';
import { TWINS } from './twins.ts';
import type { Diagnostic, ImportPolicy } from './types.ts';

/** Where a module uses what is banned, and which name of the policy bans it. */
export interface Use {
  node: Node;
  code: string;
  message: string;
  /** The name that a grant must have. */
  permission: string;
}

/**
 * Where a module breaks the policy: `banned-import` for an import of a banned module or of anything
 * below it, `banned-builtin` for the use of a banned built-in that the module does not define itself.
 */
export function checkPolicy(module: Module, policy: ImportPolicy): Diagnostic[] {
  const places = positions(module.text);
  return findUses(module, policy)
    .map(({ node, code, message }) => ({ ...places.span(node.from, node.to), code, message }))
    .sort((a, b) => a.line - b.line || a.column - b.column);
}

export function findUses(module: Module, policy: ImportPolicy): Use[] {
  const { text } = module;
  const found: Use[] = [];
  const { imports, names, bound, builtins } = survey(module);
  for (const { name, node } of imports) {
    const permission = grantOf(name, policy);
    if (permission === null) continue;
    const message = `Importing ${name} is not allowed here: leave it out, or ask the lab's admins to allow it`;
    found.push({ node, code: 'banned-import', message, permission });
  }
  const used = [...names.filter((node) => !bound.has(nameOf(node, text))), ...builtins];
  for (const node of used) {
    const name = nameOf(node, text);
    if (!policy.banned.includes(name) || covers(policy.allowed, name)) continue;
    const message = `The built-in ${name} is not allowed here: use the instrument's own interface, or ask the lab's admins to allow it`;
    found.push({ node, code: 'banned-builtin', message, permission: name });
  }
  return found;
}

/** Which name of `banned` a module or built-in falls under; null where it may be used. */
export function grantOf(name: string, { banned, allowed }: ImportPolicy): string | null {
  if (covers(allowed.flatMap(withTwins), name)) return null;
  const by = banned.find((one) => covers(withTwins(one), name));
  return by === undefined || covers(allowed, by) ? null : by;
}

/** A module cannot be had by the name of what lies underneath it either. */
function withTwins(name: string): readonly string[] {
  return [name, ...(TWINS[name] ?? [])];
}

function covers(list: readonly string[], name: string): boolean {
  return list.some((one) => name === one || name.startsWith(`${one}.`));
}

interface Survey {
  imports: { name: string; node: Node }[];
  /** Every plain name that is read. */
  names: Node[];
  /** Names that the module binds anywhere. */
  bound: Set<string>;
  /** `open` in `builtins.open`. */
  builtins: Node[];
}

function survey({ text, root }: Module): Survey {
  const result: Survey = { imports: [], names: [], bound: new Set(), builtins: [] };
  const aliases = new Set(['builtins', '__builtins__']);
  walk(root, (node) => {
    if (node.type === 'ImportStatement') {
      surveyImport(node, text, result, aliases);
      return false;
    }
    if (node.type === 'MemberExpression') surveyMember(node, text, result, aliases);
    if (node.type === 'VariableName') {
      if (binds(node)) result.bound.add(nameOf(node, text));
      else if (!isKeyword(node)) result.names.push(node);
    }
    return true;
  });
  return result;
}

function surveyImport(node: Node, text: string, result: Survey, aliases: Set<string>): void {
  const statement = readImport(node, text);
  for (const { name, bound, node: at } of statement.names) {
    const dotted = statement.module === null ? name : `${statement.module}.${name}`;
    if (statement.level === 0) result.imports.push({ name: dotted, node: at });
    if (statement.level === 0 && dotted === 'builtins') aliases.add(bound);
    if (statement.module === 'builtins') result.builtins.push(at);
    else result.bound.add(bound);
  }
}

function surveyMember(node: Node, text: string, result: Survey, aliases: Set<string>): void {
  const [owner, dot, property] = node.children;
  if (owner?.type !== 'VariableName' || dot?.type !== '.' || !property) return;
  if (aliases.has(nameOf(owner, text))) result.builtins.push(property);
}

/** `open` in `f(open=1)`. */
function isKeyword(node: Node): boolean {
  if (node.parent?.type !== 'ArgList') return false;
  const next = node.parent.children[node.index + 1];
  return next?.type === 'AssignOp';
}

/** The module or built-in that a message of `checkPolicy` is about. */
export function bannedName(message: string): string | undefined {
  return /(?:Importing|The built-in) (\S+) is not allowed/.exec(message)?.[1];
}
