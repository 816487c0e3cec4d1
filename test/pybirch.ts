/**
 * `npm run pybirch -- FOLDER`: tests the lab computers' package in the real PyBirch, cloned to FOLDER. First PyBirch's
 * factory, instrument tree and main window run offscreen, with PyBirch's own database switched off and on. Then
 * PyBirch's own driver tests run through the service object. pip installs PyBirch's requirements into a separate
 * virtual environment.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { CLIENT, CLIENT_FOLDER, pythonWith } from './helpers/python.ts';

/** The packages that the tested parts of PyBirch import. */
const PACKAGES = [
  'pyside6==6.12.0',
  'pymeasure==0.16.0',
  'sqlalchemy==2.1.9',
  'wandb==0.31.0',
  'numpy==2.4.6',
  'pandas==2.3.3',
  'pyvisa==1.16.2',
  'pytest==9.2.0',
  'cryptography>=42',
  'dulwich>=1.2,<2',
  'urllib3>=2.3,<3',
];

const given = process.argv[2];
if (!given || !existsSync(join(given, 'pybirch', 'Instruments', 'base.py'))) {
  console.error(
    'Usage: npm run pybirch -- FOLDER\nFOLDER is a clone of https://github.com/Burch-Group/PyBirch',
  );
  process.exit(2);
}
const root = join(import.meta.dirname, '..');
// PyBirch writes into its own folder, so the tests use a copy.
const work = mkdtempSync(join(tmpdir(), 'pybirch-'));
process.on('exit', () => rmSync(work, { recursive: true, force: true }));
const folder = join(work, 'PyBirch');
cpSync(resolve(given), folder, { recursive: true, filter: (path) => !path.endsWith('.git') });
const checks = join(CLIENT_FOLDER, 'tests', 'pybirch');
const places = [join(CLIENT_FOLDER, 'src'), join(CLIENT_FOLDER, 'tests'), folder, checks];

const environment = join(root, '.venv-pybirch');
const python = join(environment, 'bin', 'python');
if (!existsSync(python)) run(await pythonWith(CLIENT), ['-m', 'venv', environment], root);
run(python, ['-m', 'pip', 'install', '--quiet', ...PACKAGES], root);

console.log('\n# factory, instrument tree, main window');
const quiet = ['-m', 'pytest', '-q', '-p', 'no:cacheprovider', '-o', 'addopts='];
const program = join(checks, 'check_program.py');
run(python, [...quiet, '-o', `pythonpath=src tests ${folder}`, program], CLIENT_FOLDER);
console.log('\n# PyBirch’s own tests of drivers, through the service object');
run(python, ['-m', 'pytest', '-q', '-p', 'through_the_service', 'tests/test_drivers.py'], folder);
console.log('\nEverything works in this PyBirch.');

/** Runs a program and shows its output. Exits if it fails. */
function run(program: string, args: string[], cwd: string): void {
  const env = {
    ...process.env,
    QT_QPA_PLATFORM: 'offscreen',
    PYTHONPATH: places.join(delimiter),
    PYBIRCH_FOLDER: folder,
    WANDB_MODE: 'disabled',
  };
  const { status } = spawnSync(program, args, { cwd, env, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
