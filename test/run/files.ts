/** The test files as programs to run: a few in a process of their own, the rest in groups that share one. */
import { globSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Job } from './lanes.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** These change or measure what belongs to the whole process: memory, environment, module hooks, the event loop. */
const ALONE = [
  'analysis/pool',
  'bundled-packages',
  'repos/serve/memory',
  'scenarios/data-folder',
  'scenarios/event-loop',
  'scenarios/lab-life',
];

/** Long enough to fill a lane without others, the longest first: none of them may run alone at the end. */
const LONGEST = [
  'bench/quick',
  'scenarios/command-line',
  'scenarios/access-matrix',
  'scenarios/storm',
  'scenarios/backup',
  'scenarios/crafted-backup',
  'scenarios/schemathesis',
  'scenarios/killed-reviews',
  'scenarios/bad-input',
  'docs/lab-computer',
  'scenarios/killed-server',
  'scenarios/foreign-properties',
];

/** Number of groups for the files of these folders, the longest first. */
const GROUPS: Record<string, number> = { 'web-components': 3, scenarios: 6, definitions: 2 };
/** Number of groups for all other files. */
const OTHERS = 4;

/** These test files, each in a process of its own, or all there are. */
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

/** Deals the files like cards: long ones stand beside each other in the alphabet as often as not. */
function deal(count: number, files: readonly string[], name: string): Job[] {
  return Array.from({ length: count }, (_, group) =>
    job(
      files.filter((_, at) => at % count === group),
      `${name}, group ${group + 1} of ${count}`,
    ),
  );
}

/**
 * Files run by Node itself. `tap run` would load its instruments for coverage, mocks and source maps into every process that
 * the tests start, a third of a second each; nothing here uses them.
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
