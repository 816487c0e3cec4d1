/** Divides the test files into programs: a few files run in their own process, the others in groups that share one. */
import { globSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Job } from './lanes.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** Files that change or measure state of the whole process: memory, environment, module hooks, the event loop. */
const ALONE = [
  'analysis/pool',
  'bench/memory',
  'bundled-packages',
  'repos/serve/memory',
  'scenarios/data-folder',
  'scenarios/event-loop',
  'scenarios/lab-life',
  'services/import-folder',
];

/**
 * Files that take as long as a whole group, the longest first. These files start first, so that none of them runs alone
 * at the end.
 */
const LONGEST = [
  'bench/quick',
  'scenarios/command-line',
  'scenarios/access-matrix',
  'scenarios/storm',
  'scenarios/backup',
  'scenarios/crafted-backup',
  'scenarios/schemathesis',
  'crash/crash',
  'scenarios/bad-input',
  'docs/lab-computer',
  'scenarios/missing-at-start',
  'scenarios/peers',
  'scenarios/processes',
  'scenarios/foreign-properties',
];

/** The number of groups for the files of each of these folders. The folders that take longest come first. */
const GROUPS: Record<string, number> = { 'web-components': 3, scenarios: 6, definitions: 2 };
/** The number of groups for all other files. */
const OTHERS = 4;

/** Returns the named test files, each in its own process, or without names all of them. */
export function testFiles(asked: readonly string[]): Job[] {
  if (asked.length > 0) return asked.map((file) => job([relative(ROOT, resolve(file))]));
  const all = globSync('test/**/*.test.ts', { cwd: ROOT }).sort();
  const alone = ALONE.map(path);
  const longest = LONGEST.map(path);
  const moved = [...alone, ...longest].filter((file) => !all.includes(file));
  if (moved.length > 0) throw new Error(`not there any more: ${moved.join(', ')}`);
  const rest = all.filter((file) => !alone.includes(file) && !longest.includes(file));
  const groups = Object.entries(GROUPS).flatMap(([folder, count]) =>
    deal(
      count,
      rest.filter((file) => isIn(folder, file)),
      folder,
    ),
  );
  const others = rest.filter((file) => !Object.keys(GROUPS).some((folder) => isIn(folder, file)));
  return [
    ...groups,
    ...longest.map((file) => job([file])),
    ...deal(OTHERS, others, 'other folders'),
    ...alone.map((file) => job([file])),
  ];
}

const path = (name: string): string => `test/${name}.test.ts`;

const isIn = (folder: string, file: string): boolean => file.startsWith(`test/${folder}/`);

/** Deals the files to the groups like cards, because long files are often adjacent in the alphabet. */
function deal(count: number, files: readonly string[], name: string): Job[] {
  return Array.from({ length: count }, (_, group) =>
    job(
      files.filter((_, at) => at % count === group),
      `${name}, group ${group + 1} of ${count}`,
    ),
  );
}

/**
 * Node itself runs the files. `tap run` would load its hooks for coverage, mocks and source maps into every process of
 * the tests. The hooks take a third of a second per process, and no test uses them.
 */
const job = (files: readonly string[], name = files[0] ?? ''): Job => ({
  name,
  command: [
    process.execPath,
    '--import',
    './test/run/bundled-packages.ts',
    'test/run/group.ts',
    ...files,
  ],
  environment: { TAP_TIMEOUT: '0' },
  limit: 600 + 60 * files.length,
});
