/**
 * Finds names of the folder's modules that are passed to code outside the folder, which may import the module: for
 * example `load("lab_drivers.meters." + name)` or `load(name, __package__)`. The outside code looks in the installed
 * package and does not find the modules of the definition.
 */
import { stringValue } from '../literals.ts';
import { type Node, nameOf, textOf, walk } from '../syntax.ts';
import type { SourceFolder } from './folder.ts';
import type { InstalledNames } from './installed.ts';
import type { Module, Statement } from './module.ts';
import type { NamedImport } from './named-imports.ts';

export interface NamedInString {
  line: number;
  /** The string, or the call that passes `__package__`. */
  text: string;
  /** The package that the string names; undefined for a call that passes `__package__`. */
  package: string | undefined;
}

interface Around {
  folder: SourceFolder;
  installed: InstalledNames;
}

const DOTTED = /^[\p{L}_]\w*(?:\.[\p{L}_]\w*)+\.?$/u;
/**
 * Functions that need no warning: they read data files or facts of a package, name loggers, or import as Python does.
 */
const KNOWN =
  /(?:^|\.)(?:getLogger|files|as_file|contents|is_resource|path|get_data|import_module|__import__|version|metadata|(?:open|read)_(?:text|binary))$/;

/** @param handled the imports by name, which are rewritten or reported elsewhere */
export function namedInStrings(
  { folder, installed }: Around,
  { path, text }: Module,
  { node: statement, start, end }: Statement,
  handled: readonly NamedImport[],
): NamedInString[] {
  const code = text.slice(start, end);
  const mayBe = /['"][\p{L}_]\w*\.[\p{L}_]|__package__/u.test(code);
  if (!mayBe) return [];
  const found: NamedInString[] = [];
  walk(statement, (node) => {
    if (handled.some(({ from, to }) => node.from >= from && node.to <= to)) return false;
    if (node.type === 'CallExpression' && KNOWN.test(calleeOf(node, text))) return false;
    const call = node.parent?.parent;
    if (isPackage(node, text) && call?.type === 'CallExpression')
      found.push({ line: lineOf(node, text), text: textOf(call, text), package: undefined });
    if (node.type !== 'String' || node.parent?.type === 'ExpressionStatement') return true;
    const value = stringValue(textOf(node, text)) ?? '';
    const top = DOTTED.test(value) ? packageOf({ folder, installed }, path, value) : undefined;
    if (top !== undefined)
      found.push({ line: lineOf(node, text), text: textOf(node, text), package: top });
    return true;
  });
  return found;
}

const calleeOf = ({ children: [callee] }: Node, text: string): string =>
  callee ? nameOf(callee, text).replace(/\s/g, '') : '';

const isPackage = (node: Node, text: string): boolean =>
  node.type === 'VariableName' &&
  node.parent?.type === 'ArgList' &&
  nameOf(node, text) === '__package__';

/** The package that contains the module in a string. In the string, the module may be followed by a name. */
function packageOf(
  { folder, installed }: Around,
  importer: string,
  value: string,
): string | undefined {
  const parts = value.replace(/\.$/, '').split('.');
  for (let length = parts.length; length > 1; length--) {
    const dotted = parts.slice(0, length).join('.');
    const path = folder.find(importer, 0, dotted);
    if (path !== undefined && installed.module(path) === dotted) return parts[0];
  }
  return undefined;
}

const lineOf = ({ from }: Node, text: string): number =>
  text.slice(0, from).split(/\r\n|\n|\r/).length;
