/**
 * Warns of code that clearly uses files in other ways than `open`. The import policy only knows names, so a
 * lab computer would refuse these at run time. There is a warning only if no run could succeed; uses that
 * depend on a value are left to the lab computer.
 */

import { grantOf } from './policy.ts';
import { positions } from './source.ts';
import { type Module, type Node, nameOf, readImport, textOf, walk } from './syntax.ts';
import type { Diagnostic, ImportPolicy } from './types.ts';

/** Each of these permissions lets a definition use files (`LIFTS` of the Python package). */
const LIFTING = ['open', 'os', 'shutil'];

const FUNCTIONS: ReadonlySet<string> = new Set([
  ...['dbm.open', 'shelve.open', 'sqlite3.connect'],
  ...['mkdtemp', 'mkstemp', 'NamedTemporaryFile', 'SpooledTemporaryFile'].map(tempfile),
  ...['TemporaryDirectory', 'TemporaryFile'].map(tempfile),
  ...['save', 'savetxt', 'savez', 'savez_compressed'].map((name) => `numpy.${name}`),
  'logging.FileHandler',
  ...['RotatingFileHandler', 'TimedRotatingFileHandler', 'WatchedFileHandler'].map(
    (name) => `logging.handlers.${name}`,
  ),
]);

function tempfile(name: string): string {
  return `tempfile.${name}`;
}

/** Mostly methods of pathlib only, so they count on any object in a module that imports pathlib. */
const PATH_WRITES: ReadonlySet<string> = new Set([
  ...['hardlink_to', 'mkdir', 'rmdir', 'symlink_to', 'touch', 'unlink'],
  ...['write_bytes', 'write_text'],
]);

const PATH_READS = /^(?:glob|iterdir|open|read_bytes|read_text|rglob)$/;

/** A path that begins with one of these leads out of the definition's folder. */
const OUTSIDE: ReadonlySet<string> = new Set(['pathlib.Path.cwd', 'pathlib.Path.home']);

/** These write if their first argument names a file, and return text without it. */
const EXPORTS = /^(?:savefig|to_(?:csv|excel|feather|hdf|html|json|parquet|pickle)|tofile)$/;

/** The warnings for one module. */
export function fileUses(module: Module, policy: ImportPolicy): Diagnostic[] {
  if (LIFTING.some((name) => grantOf(name, policy) === null)) return [];
  const imported = importsOf(module);
  const hasPaths = [...imported.values()].some((one) => /^pathlib(?:\.|$)/.test(one));
  const places = positions(module.text);
  const found: Diagnostic[] = [];
  walk(module.root, (node) => {
    if (node.type !== 'CallExpression') return true;
    const what = usedBy(node, module.text, imported, hasPaths);
    if (what === null) return true;
    const [callee] = node.children as [Node];
    const message =
      `${what}, which a lab computer refuses: give data back in the rows of a measurement, put files to be read ` +
      'beside the definition, or ask for the permission open in the header';
    const span = places.span(callee.from, callee.to);
    found.push({ ...span, code: 'refused-when-run', message });
    return true;
  });
  return found;
}

/** The dotted name for each name that an import binds. */
function importsOf({ root, text }: Module): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  walk(root, (node) => {
    if (node.type !== 'ImportStatement') return true;
    const { names, module, level } = readImport(node, text);
    for (const { name, bound } of level === 0 ? names : []) {
      const isTop = module === null && name.startsWith(`${bound}.`);
      found.set(bound, module === null ? (isTop ? bound : name) : `${module}.${name}`);
    }
    return false;
  });
  return found;
}

function usedBy(
  call: Node,
  text: string,
  imported: ReadonlyMap<string, string>,
  hasPaths: boolean,
): string | null {
  const [callee] = call.children;
  if (!callee) return null;
  const dotted = dottedName(callee, text, imported);
  if (dotted !== null && FUNCTIONS.has(dotted)) return `${dotted} uses files`;
  const [owner, , property] = callee.type === 'MemberExpression' ? callee.children : [];
  if (!owner || !property) return null;
  const name = textOf(property, text);
  if (hasPaths && PATH_WRITES.has(name)) return `${name} changes files`;
  if (PATH_READS.test(name) && OUTSIDE.has(beginningOf(owner, text, imported) ?? ''))
    return `${name} reads files that are not the definition's own`;
  return EXPORTS.test(name) && isText(firstArgument(call)) ? `${name} writes a file` : null;
}

/**
 * The dotted name of the function whose call a path starts with: `pathlib.Path.home` for `(Path.home() /
 * "a").parent`.
 */
function beginningOf(
  node: Node,
  text: string,
  imported: ReadonlyMap<string, string>,
): string | null {
  let at: Node | undefined = node;
  while (at) {
    const inner: Node | undefined =
      at.type === 'ParenthesizedExpression' ? at.children[1] : at.children[0];
    if (at.type === 'CallExpression' && inner) {
      const dotted = dottedName(inner, text, imported);
      if (dotted !== null) return dotted;
    }
    at = inner;
  }
  return null;
}

function dottedName(
  node: Node,
  text: string,
  imported: ReadonlyMap<string, string>,
): string | null {
  const parts: string[] = [];
  let at: Node | undefined = node;
  while (at?.type === 'MemberExpression') {
    const property = at.children[2];
    if (property) parts.unshift(textOf(property, text));
    at = at.children[0];
  }
  const root = at?.type === 'VariableName' ? imported.get(nameOf(at, text)) : undefined;
  return root === undefined ? null : [root, ...parts].join('.');
}

function firstArgument(call: Node): Node | undefined {
  return call.children[1]?.children[1];
}

function isText(node: Node | undefined): boolean {
  return node?.type === 'String' || node?.type === 'FormatString';
}
