/** Every check and every test as a program to run. */
import { globSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { CLIENT_FOLDER } from '../helpers/python.ts';
import type { Job } from './lanes.ts';

const ROOT = join(import.meta.dirname, '..', '..');

export const CHECKS: Job[] = [
  { name: 'format and lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'spelling', command: ['cspell', 'lint', '--no-progress', '--no-summary', '.'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  {
    name: 'import directions',
    command: [
      'depcruise',
      '--config',
      '.dependency-cruiser.json',
      ...['registry', 'repos', 'text', 'client/typescript', 'web-components', 'test', 'bench'],
    ],
  },
  { name: 'types of the web interface', command: ['tsc', '--noEmit', '-p', 'web-components'] },
  { name: 'types of its tests', command: ['tsc', '--noEmit', '-p', 'test/web-components'] },
];

/** The web interface as it stands now, not as it was at the last install. */
export const BUILD: Job = {
  name: 'web interface',
  command: ['vite', 'build', 'web-components', '--logLevel', 'warn'],
};

/** Checks of what lab computers install. */
export const clientChecks = (python: string): Job[] =>
  [
    ['mypy'],
    // Each platform has a cache of its own: two runs that share one invalidate each other's.
    ['mypy', '--platform', 'win32', '--cache-dir', '.mypy_cache/win32'],
    ['ruff', 'check', '.'],
    ['ruff', 'format', '--check', '.'],
  ]
    .map((check) => clientCheck(check.join(' '), [python, '-m', ...check]))
    .concat(clientCheck('import directions', [python, '-c', IMPORT_LINTER]));

/** import-linter has no module for `python -m`. */
const IMPORT_LINTER =
  'from importlinter.cli import lint_imports_command as check; check(["--no-cache", "--no-logo"])';

const clientCheck = (name: string, command: Job['command']): Job => ({
  name: `Python client: ${name}`,
  command,
  folder: CLIENT_FOLDER,
  environment: { PYTHONPATH: 'src' },
});

export const clientTests = (python: string): Job => ({
  name: 'Python client: pytest',
  command: [python, '-m', 'pytest', '-n', '2'],
  folder: CLIENT_FOLDER,
});

/** The longest first: none of them is to run alone at the end. `npm test` ends with what took longest. */
const LONGEST = [
  'web-components/editor',
  'web-components/definitions',
  'web-components/definition',
  'bench/quick',
  'scenarios/command-line',
  'web-components/instruments-fleet',
  'scenarios/access-matrix',
  'scenarios/storm',
  'scenarios/backup',
  'scenarios/crafted-backup',
  'web-components/labs-access-audit',
  'scenarios/schemathesis',
  'web-components/merge-requests',
  'scenarios/killed-reviews',
  'scenarios/bad-input',
  'docs/lab-computer',
  'scenarios/killed-server',
  'web-components/compare',
  'scenarios/foreign-properties',
  'scenarios/events',
  'scenarios/data-folder',
  'services/sync',
  'scenarios/git-push',
  'web-components/permissions',
  'scenarios/audit',
].map((name) => `test/${name}.test.ts`);

/** These test files, or all there are. */
export function testFiles(asked: readonly string[]): Job[] {
  const all = globSync('test/**/*.test.ts', { cwd: ROOT }).sort();
  const moved = LONGEST.filter((file) => !all.includes(file));
  if (moved.length > 0) throw new Error(`not there any more: ${moved.join(', ')}`);
  const files =
    asked.length > 0
      ? asked.map((file) => relative(ROOT, resolve(file)))
      : [...new Set([...LONGEST, ...all])];
  return files.map(tapFile);
}

/**
 * A file run by Node itself. `tap run` would load its instruments for coverage, mocks and source maps into every process that
 * the tests start, a third of a second each; nothing here uses them.
 */
const tapFile = (name: string): Job => ({
  name,
  command: [process.execPath, '--import', './test/run/bundled-packages.ts', name],
  environment: { TAP_TIMEOUT: '300' },
  limit: 600,
});
