/** The import policy: what a definition may not import or call (a seat belt; review is the wall). */

import { binds } from './binding.ts';
import { positions } from './source.ts';
import { type Module, type Node, readImport, textOf, walk } from './syntax.ts';
import { TWINS } from './twins.ts';
import type { Diagnostic, ImportPolicy } from './types.ts';

const BANNED_BUILTINS = ['open', 'eval', 'exec', 'compile', '__import__'];

/** What every lab bans unless it says otherwise: modules with all below them, and built-ins. */
export const DEFAULT_BANNED: readonly string[] = [
  'os',
  'subprocess',
  'socket',
  'shutil',
  'multiprocessing',
  'ctypes',
  'importlib',
  'urllib',
  'http',
  'requests',
  ...BANNED_BUILTINS,
];

/**
 * Where a module breaks the policy: `banned-import` for an import of a banned module or of anything
 * below it, `banned-builtin` for the use of a banned built-in that the module does not define itself.
 */
export function checkPolicy(module: Module, policy: ImportPolicy): Diagnostic[] {
  const banned = policy.banned.filter((name) => !covers(policy.allowed, name)).flatMap(withTwins);
  const allowed = policy.allowed.flatMap(withTwins);
  const { text } = module;
  const places = positions(text);
  const found: Diagnostic[] = [];
  const report = (node: Node, code: string, message: string): void => {
    found.push({ ...places.span(node.from, node.to), code, message });
  };
  const { imports, names, bound, builtins } = survey(module);
  for (const { name, node } of imports) {
    if (covers(banned, name) && !covers(allowed, name))
      report(
        node,
        'banned-import',
        `Importing ${name} is not allowed here: leave it out, or ask the lab's admins to allow it`,
      );
  }
  const builtin = (name: string): boolean => banned.includes(name) && !covers(policy.allowed, name);
  const advice = "use the instrument's own interface, or ask the lab's admins to allow it";
  for (const node of names) {
    const name = textOf(node, text);
    if (builtin(name) && !bound.has(name))
      report(node, 'banned-builtin', `The built-in ${name} is not allowed here: ${advice}`);
  }
  for (const node of builtins) {
    const name = textOf(node, text);
    if (builtin(name))
      report(node, 'banned-builtin', `The built-in ${name} is not allowed here: ${advice}`);
  }
  return found.sort((a, b) => a.line - b.line || a.column - b.column);
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
      if (binds(node)) result.bound.add(textOf(node, text));
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
  if (aliases.has(textOf(owner, text))) result.builtins.push(property);
}

/** `open` in `f(open=1)`. */
function isKeyword(node: Node): boolean {
  if (node.parent?.type !== 'ArgList') return false;
  const next = node.parent.children[node.index + 1];
  return next?.type === 'AssignOp';
}
