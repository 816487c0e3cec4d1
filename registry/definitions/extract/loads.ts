/** Predicts whether an imported definition would load on a lab computer. Nothing is run. */
import { readSources } from '../files.ts';
import { readHeader } from '../header.ts';
import { bannedName } from '../policy.ts';
import type { Validation } from '../types.ts';
import type { Extracted } from './types.ts';

export interface Loads {
  /** `if` means that something must first be installed or allowed. */
  answer: 'yes' | 'if' | 'no';
  /** The reasons why the definition cannot load. */
  no: string[];
  /** The banned modules and built-ins that the lab would have to allow. */
  allow: string[];
  /** The Python versions that the definition requires; null if the definition does not state any. */
  python: string | null;
  /** The packages that must be installed besides PyBirch. */
  packages: string[];
}

/** Packages that every computer with PyBirch has. */
const PROVIDED = new Set(['numpy', 'pandas', 'pyvisa', 'pybirch']);

/**
 * ruff's findings about branches and methods. A file with one of these findings loads, and fails when the code in
 * question runs.
 */
const RUNS_LATER = /^F\d/;

export function loadsOf(
  { name, files, packages: named }: Extracted,
  validation: Validation,
): Loads {
  const banned = validation.errors.filter(({ code }) => code.startsWith('banned-'));
  const allow = banned.flatMap(({ message }) => bannedName(message) ?? []);
  const no = validation.errors
    .filter(({ code }) => !code.startsWith('banned-') && !RUNS_LATER.test(code))
    .map(({ file, line, message }) => `${file ?? `${name}.py`}:${line}: ${message}`);
  const text = readSources(new Map([...files].filter(([path]) => path === `${name}.py`))).texts;
  const { header } = readHeader(text.get(`${name}.py`) ?? '');
  const python = header.requires_python ?? null;
  const imported = [...(validation.class_info?.dependencies ?? []), ...(named ?? [])];
  const packages = packagesOf(header.dependencies ?? [], imported);
  const isPlain = allow.length === 0 && packages.length === 0 && python === null;
  const answer = no.length > 0 ? 'no' : isPlain ? 'yes' : 'if';
  return { answer, no, allow: [...new Set(allow)].sort(), python, packages };
}

/** The packages that the header states, and the other packages that the code imports. */
function packagesOf(stated: readonly string[], imported: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const one of [...stated, ...imported]) {
    const key = distributionOf(one);
    if (!PROVIDED.has(key) && !found.has(key)) found.set(key, one);
  }
  return [...found.values()].sort();
}

/** The normal form of the name in a requirement ("Name normalization" of the packaging specifications). */
function distributionOf(requirement: string): string {
  const [name = ''] = /^[A-Za-z0-9._-]+/.exec(requirement.trim()) ?? [];
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
