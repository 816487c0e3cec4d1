/**
 * Warns of code that certainly uses files in ways other than `open`. The import policy knows only names and does not
 * find such code. A lab computer refuses such code when it runs. Code that uses files only for some values causes no
 * warning.
 */

import { grantOf } from './policy.ts';
import { namesOf } from './references.ts';
import { positions } from './source.ts';
import { type Module, type Node, nameOf, readImport, walk } from './syntax.ts';
import type { Diagnostic, ImportPolicy } from './types.ts';

/** Each of these permissions lets a definition use files (`LIFTS` in the Python package). */
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

/**
 * Names that are mostly methods of pathlib. In a module that imports pathlib, calls of these methods count whatever the
 * object is.
 */
const PATH_WRITES: ReadonlySet<string> = new Set([
  ...['hardlink_to', 'mkdir', 'rmdir', 'symlink_to', 'touch', 'unlink'],
  ...['write_bytes', 'write_text'],
]);

const PATH_READS = /^(?:glob|iterdir|open|read_bytes|read_text|rglob)$/;

/** Functions that return a path outside the definition's folder. */
const OUTSIDE: ReadonlySet<string> = new Set(['pathlib.Path.cwd', 'pathlib.Path.home']);

/** Methods that write a file if their first argument is a path, and return text if they have no argument. */
const EXPORTS = /^(?:savefig|to_(?:csv|excel|feather|hdf|html|json|parquet|pickle)|tofile)$/;

/** The warnings for one module. There is no warning if the policy allows the definition to use files. */
export function fileUses(module: Module, policy: ImportPolicy): Diagnostic[] {
  if (LIFTING.some((name) => grantOf(name, policy) === null)) return [];
  const hasPaths = importsPaths(module);
  const places = positions(module.text);
  const found: Diagnostic[] = [];
  walk(module.root, (node) => {
    if (node.type !== 'CallExpression') return true;
    const what = usedBy(node, module, hasPaths);
    if (what === null) return true;
    const [callee] = node.children as [Node];
    const message =
      `${what}, which lab computers refuse: return data as rows of a measurement, put files that the code reads ` +
      'beside the definition, or ask for the permission open in the header';
    const span = places.span(callee.from, callee.to);
    found.push({ ...span, code: 'refused-when-run', message });
    return true;
  });
  return found;
}

/** Whether the module imports pathlib or a name from pathlib. */
function importsPaths({ root, text }: Module): boolean {
  let found = false;
  walk(root, (node) => {
    if (node.type !== 'ImportStatement') return !found;
    const { module, level, names } = readImport(node, text);
    const from = module === null ? names.map(({ name }) => name) : [module];
    found ||= level === 0 && from.some((one) => /^pathlib(?:\.|$)/.test(one));
    return false;
  });
  return found;
}

function usedBy(call: Node, module: Module, hasPaths: boolean): string | null {
  const [callee] = call.children;
  if (!callee) return null;
  const names = namesOf(callee, module);
  if (names[0] !== undefined && names.every((one) => FUNCTIONS.has(one)))
    return `${names[0]} uses files`;
  const [owner, , property] = callee.type === 'MemberExpression' ? callee.children : [];
  if (!owner || !property) return null;
  const name = nameOf(property, module.text);
  if (hasPaths && PATH_WRITES.has(name)) return `${name} changes files`;
  if (PATH_READS.test(name) && OUTSIDE.has(beginningOf(owner, module) ?? ''))
    return `${name} reads files that are not the definition's own`;
  return EXPORTS.test(name) && isText(firstArgument(call)) ? `${name} writes a file` : null;
}

/**
 * The dotted name of the function call that a path begins with: `pathlib.Path.home` for `(Path.home() / "a").parent`.
 */
function beginningOf(node: Node, module: Module): string | undefined {
  let at: Node | undefined = node;
  while (at) {
    const inner: Node | undefined =
      at.type === 'ParenthesizedExpression' ? at.children[1] : at.children[0];
    const [name] = at.type === 'CallExpression' && inner ? namesOf(inner, module) : [];
    if (name !== undefined) return name;
    at = inner;
  }
  return undefined;
}

function firstArgument(call: Node): Node | undefined {
  return call.children[1]?.children[1];
}

function isText(node: Node | undefined): boolean {
  return node?.type === 'String' || node?.type === 'FormatString';
}
