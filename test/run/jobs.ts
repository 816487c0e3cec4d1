/** Every check and every test, each as a program. */
import { CLIENT_FOLDER } from '../helpers/python.ts';
import type { Job } from './lanes.ts';

export const CHECKS: Job[] = [
  { name: 'format and lint', command: ['biome', 'check', '--error-on-warnings', '.'] },
  { name: 'spelling', command: ['cspell', 'lint', '--no-progress', '--no-summary', '.'] },
  { name: 'types', command: ['tsc', '--noEmit'] },
  {
    name: 'regular expressions',
    command: [process.execPath, 'test/regular-expressions/check.ts'],
  },
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

/** Builds the web interface again, because the last install may have built an older version. */
export const BUILD: Job = {
  name: 'web interface',
  command: ['vite', 'build', 'web-components', '--logLevel', 'warn'],
};

/** Checks of the lab computers' package. */
export const clientChecks = (python: string): Job[] =>
  [
    ['mypy'],
    // Each platform has its own cache, because two runs that share one cache invalidate it for each other.
    ['mypy', '--platform', 'win32', '--cache-dir', '.mypy_cache/win32'],
    ['ruff', 'check', '.'],
    ['ruff', 'format', '--check', '.'],
  ]
    .map((check) => clientCheck(check.join(' '), [python, '-m', ...check]))
    .concat(clientCheck('import directions', [python, '-c', IMPORT_LINTER]));

/** This code starts import-linter, which has no module for `python -m`. */
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
  // Tests that share a costly fixture are in an `xdist_group`, and run in one process.
  command: [python, '-m', 'pytest', '-n', '2', '--dist', 'loadgroup'],
  folder: CLIENT_FOLDER,
});
