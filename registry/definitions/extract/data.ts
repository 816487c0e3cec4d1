/** Finds the data files that code names: strings that form the path of a file, relative to the folder of the module. */
import { DefinitionError } from '../errors.ts';
import { stringValue } from '../literals.ts';
import { type Node, parseModule, textOf, walk } from '../syntax.ts';
import { dirname, joinPath } from './paths.ts';

/** A longer list of strings is not read as the parts of one path. */
const MOST_PARTS = 5;
/** Names that refer to the module's own location. */
const OWN_PLACE = /\b(__file__|__name__|__package__|__path__|__spec__)\b/;

/** The paths of a folder's files. */
type Paths = Pick<ReadonlyMap<string, unknown>, 'has' | 'keys'>;

export interface Named {
  /** The paths of the named files, relative to the module's folder. */
  files: string[];
  /** Paths of named files outside the module's folder. A definition cannot reach files outside its folder. */
  beyond: string[];
}

/**
 * The files that the code of a module names. The name of a file may be one string with `/` or `\`, or joined parts
 * (`os.path.join`, `pathlib`, `importlib.resources`). Code may also read a folder relative to its own location.
 */
export function namedFiles(path: string, code: string, all: Paths): Named {
  const found = new Set<string>();
  const beyond = new Set<string>();
  const own = dirname(path);
  for (const run of runsOf(code)) {
    const { parts, isOwn, up } = run;
    const folders: string[] = [];
    let isFile = false;
    for (const written of joined(parts)) {
      const relative = normal(written);
      if (relative === null) continue;
      const leaves = relative.startsWith('../') || (isOwn && up > 0);
      const from = leaves ? above(own, '../'.repeat(up) + relative) : joinPath(own, relative);
      if (from === null) continue;
      if (all.has(from)) {
        isFile = true;
        if (!leaves) found.add(relative);
        else if (isOwn) beyond.add(from);
      } else if (isOwn && !leaves) folders.push(from);
    }
    for (const one of run.isPackage ? inPackages(parts, all) : []) beyond.add(one);
    if (isFile || !run.isOuter) continue;
    for (const from of folders)
      for (const inside of filesBelow(from, all))
        found.add(inside.slice(own === '' ? 0 : own.length + 1));
  }
  return { files: [...found], beyond: [...beyond] };
}

/** Every path that adjacent strings can form. */
function joined(parts: readonly string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < parts.length; i++)
    for (let j = i + 1; j <= Math.min(parts.length, i + MOST_PARTS); j++)
      found.push(parts.slice(i, j).join('/').replaceAll('\\', '/').replace(/^\/+/, ''));
  return found;
}

/**
 * The files that calls such as `open_text("lab.tables", "cal.csv")` read. These calls fail in a definition, because the
 * definition does not contain the package.
 */
function inPackages(parts: readonly string[], all: Paths): string[] {
  return parts.slice(1).flatMap((file, i) => {
    const folder = (parts[i] ?? '').replaceAll('.', '/');
    return all.has(`${folder}/${file}`) ? [`${folder}/${file}`] : [];
  });
}

interface Run {
  parts: string[];
  /** Whether the expression starts at the module's own location. */
  isOwn: boolean;
  /** How many folders the expression goes up (`parent.parent`, `dirname(dirname(…))`). */
  up: number;
  /** Whether the expression opens a file of a package by the name of the package. */
  isPackage: boolean;
  /** Whether no enclosing expression starts at the module's own location. */
  isOuter: boolean;
}

/**
 * The strings of each expression, in order. The strings of a call or of a chain of `/` may be the parts of one path.
 */
function runsOf(code: string): Run[] {
  const runs: Run[] = [];
  const read = (node: Node, isOuter: boolean): void => {
    let isWithin = !isOuter;
    const isChain =
      /^(Binary|Call|Array|Tuple|Set|Dictionary)Expression$|^(AssignStatement|ParamList)$/.test(
        node.type,
      );
    if (isChain || /String$/.test(node.type)) {
      const parts = stringsIn(node, code);
      const text = textOf(node, code);
      const isOwn = OWN_PLACE.test(text);
      const isPackage =
        /\b(resources|pkgutil|pkg_resources)\b|\b(open_text|open_binary|read_text|read_binary)\b/.test(
          text,
        );
      if (parts.length > 0)
        runs.push({ parts, isOwn, up: isOwn ? levelsUp(text) : 0, isPackage, isOuter });
      isWithin ||= isOwn;
    }
    if (!/String$/.test(node.type)) for (const one of node.children) read(one, !isWithin);
  };
  try {
    read(parseModule(code).root, true);
  } catch (error) {
    // The code is nested too deeply to be parsed. Validation refuses the definition.
    if (!(error instanceof DefinitionError)) throw error;
  }
  return runs;
}

function stringsIn(node: Node, code: string): string[] {
  const found: string[] = [];
  walk(node, (inner) => {
    if (inner.type === 'String') {
      const value = stringValue(textOf(inner, code));
      if (value !== undefined && value.length <= 200 && !value.includes('\n')) found.push(value);
    }
    return found.length < 100;
  });
  return found;
}

function levelsUp(text: string): number {
  const parents = (text.match(/\.parent\b(?!s)/g) ?? []).length;
  const indexed = /\.parents\s*\[\s*(\d)\s*\]/.exec(text);
  const names = (text.match(/\bdirname\s*\(/g) ?? []).length;
  const most = Math.max(parents, names, indexed ? Number(indexed[1]) + 1 : 0);
  return Math.max(0, most - 1);
}

/** Removes `.` and inner `..` from a path. Returns null if the result is empty. */
function normal(path: string): string | null {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '.' || part === '') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.length === 0 ? null : parts.join('/');
}

function above(own: string, relative: string): string | null {
  const parts = own === '' ? [] : own.split('/');
  for (const part of relative.split('/')) {
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join('/');
}

function filesBelow(folder: string, all: Paths): string[] {
  return [...all.keys()].filter((one) => one.startsWith(`${folder}/`) && !/\.pyw?$/.test(one));
}
