/** Predicts whether an extracted definition would load on a lab computer, without running it. */
import { readSources } from '../files.ts';
import { readHeader } from '../header.ts';
import { bannedName } from '../policy.ts';
import type { Validation } from '../types.ts';
import type { Extracted } from './types.ts';

export interface Loads {
  /** `if` means that something must be installed or allowed first. */
  answer: 'yes' | 'if' | 'no';
  /** Reasons why it cannot load. */
  no: string[];
  /** Names of banned modules and built-ins that the lab must allow. */
  allow: string[];
  /** The Python that it requires; null if it does not say. */
  python: string | null;
  /** Packages that must be installed beside PyBirch. */
  packages: string[];
}

/** Packages on every computer with PyBirch. */
const PROVIDED = new Set(['numpy', 'pandas', 'pyvisa', 'pybirch']);

/** Ruff's findings in branches and methods: the file loads, and fails later when they run. */
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

/** The packages that the header states, and those that the code imports in addition. */
function packagesOf(stated: readonly string[], imported: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const one of [...stated, ...imported]) {
    const key = distributionOf(one);
    if (!PROVIDED.has(key) && !found.has(key)) found.set(key, one);
  }
  return [...found.values()].sort();
}

/** The normal form of a requirement's name ("Name normalization" of the packaging specifications). */
function distributionOf(requirement: string): string {
  const [name = ''] = /^[A-Za-z0-9._-]+/.exec(requirement.trim()) ?? [];
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
