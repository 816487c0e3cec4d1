/**
 * One corpus (a folder of drivers): counts its classes with CPython, imports it, and loads it with plain Python and
 * with the lab computers' package.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DEFAULT_BANNED } from '../../registry/definitions/banned.ts';
import { BASE_CLASSES } from '../../registry/definitions/pybirch.ts';
import type { InstrumentType } from '../../registry/definitions/types.ts';
import {
  type ImportDeps,
  importFolder,
} from '../../registry/services/import-export/import-folder.ts';
import type {
  Imported,
  ImportReport,
} from '../../registry/services/import-export/import-report.ts';
import { CLIENT_FOLDER } from '../helpers/python.ts';
import { MemoryTarget } from '../services/memory-target.ts';

const run = promisify(execFile);
const HERE = import.meta.dirname;
/** The stand-in for PyBirch, for a corpus that does not contain PyBirch. */
const STAND_IN = join(HERE, '..', 'fixtures', 'pybirch-standin');
/** The path inside a clone of PyBirch, relative to its root. */
const PYBIRCH_BASES = join('pybirch', 'Instruments', 'base.py');

export interface Corpus {
  folder: string;
  /** Further base classes, each as `Name=type`. */
  bases: string[];
  /** The path of a Python with the packages of the corpus and of the client. */
  python: string;
  /** If true, the classes are not loaded by plain Python or on a lab computer. */
  countOnly: boolean;
}

/** A class in the output of `count.py`. */
type Counted = [name: string, line: number, abstract: boolean, isPrivate: boolean, isTest: boolean];

/** By name: the reason why a class does not load, or null if it does. */
type Loads = Record<string, string | null>;

export interface Outcome {
  report: ImportReport;
  seconds: number;
  /** The classes that CPython's parser finds in each file, by path. */
  counted: Record<string, Counted[]>;
  /** The imported classes that `ast` did not count. */
  uncounted: string[];
  outside: Loads;
  inLab: Loads;
}

export async function measure(corpus: Corpus, deps: ImportDeps): Promise<Outcome> {
  const folder = resolve(corpus.folder);
  const bases = new Map(corpus.bases.map((text) => text.split('=') as [string, InstrumentType]));
  const target = new MemoryTarget();
  target.policy.banned = [...DEFAULT_BANNED];
  const started = performance.now();
  const report = await importFolder(folder, { bases }, target, deps);
  const seconds = (performance.now() - started) / 1000;
  const counted = await count(corpus.python, folder, [...BASE_CLASSES.keys(), ...bases.keys()]);
  const known = new Set(Object.values(counted).flatMap((all) => all.map(([name]) => name)));
  const uncounted = report.imported.map(({ name }) => name).filter((name) => !known.has(name));
  if (corpus.countOnly) return { report, seconds, counted, uncounted, outside: {}, inLab: {} };
  const work = await mkdtemp(join(tmpdir(), 'corpus-'));
  try {
    const outside = await loadOutside(corpus.python, folder, report.imported, work);
    const inLab = await loadInLab(corpus.python, folder, report.imported, target, work);
    return { report, seconds, counted, uncounted, outside, inLab };
  } finally {
    await rm(work, { recursive: true });
  }
}

async function count(
  python: string,
  folder: string,
  names: string[],
): Promise<Record<string, Counted[]>> {
  return JSON.parse(await output(python, [join(HERE, 'count.py'), folder, ...names]));
}

async function loadOutside(
  python: string,
  folder: string,
  imported: readonly Imported[],
  work: string,
): Promise<Loads> {
  const wanted = imported.map(({ name, path }) => [name, ...moduleOf(join(folder, path))]);
  const roots = ancestors(folder).filter((one) => existsSync(join(one, '__init__.py')));
  await writeFile(join(work, 'wanted.json'), JSON.stringify({ wanted, roots }));
  return JSON.parse(
    await output(python, [join(HERE, 'load_outside.py'), join(work, 'wanted.json')]),
  );
}

async function loadInLab(
  python: string,
  folder: string,
  imported: readonly Imported[],
  target: MemoryTarget,
  work: string,
): Promise<Loads> {
  const place = join(work, 'definitions');
  await mkdir(place);
  const permissions: Record<string, readonly string[]> = {};
  for (const { name, overrides } of imported) {
    const isBanned = overrides.some(({ code }) => code.startsWith('banned'));
    permissions[name] = isBanned ? DEFAULT_BANNED : [];
    for (const [path, bytes] of target.versions.get(name)?.at(-1)?.files ?? []) {
      await mkdir(dirname(join(place, name, path)), { recursive: true });
      await writeFile(join(place, name, path), bytes);
    }
  }
  await writeFile(join(place, 'permissions.json'), JSON.stringify(permissions));
  const pybirch = ancestors(folder).find((one) => existsSync(join(one, PYBIRCH_BASES))) ?? STAND_IN;
  const paths = [join(CLIENT_FOLDER, 'src'), join(CLIENT_FOLDER, 'tests'), pybirch];
  return JSON.parse(await output(python, [join(HERE, 'load_in_lab.py'), place], paths));
}

/** The folder and its ancestors; the folder itself comes first. */
function ancestors(folder: string): string[] {
  const found = [folder];
  for (let at = folder; dirname(at) !== at; at = dirname(at)) found.push(dirname(at));
  return found;
}

/** The folder that must be on Python's path, and the module's dotted name relative to it. */
function moduleOf(file: string): [root: string, module: string] {
  const parts = [basename(file).replace(/\.\w+$/, '')];
  let at = dirname(file);
  for (; existsSync(join(at, '__init__.py')); at = dirname(at)) parts.unshift(basename(at));
  if (parts.at(-1) === '__init__' && parts.length > 1) parts.pop();
  return [at, parts.join('.')];
}

/** Runs a program and returns the last line that it prints. */
async function output(python: string, args: string[], paths: string[] = []): Promise<string> {
  const env = { ...process.env, QT_QPA_PLATFORM: 'offscreen', PYTHONPATH: paths.join(delimiter) };
  const { stdout } = await run(python, args, { env, maxBuffer: 1 << 28, cwd: tmpdir() });
  return stdout.trimEnd().split('\n').at(-1) ?? '';
}
