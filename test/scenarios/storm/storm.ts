/**
 * A storm and its invariants. The output of a failed storm is enough to start the same storm again and to see what
 * happened.
 */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { startGitRunner } from '../../helpers/git.ts';
import type { DatabaseKind } from '../../helpers/registry.ts';
import { violations } from './invariants.ts';
import { historyOf, isDone, type Log } from './log.ts';
import { type Load, missingIn, runStorm } from './run-storm.ts';
import { makeWorld } from './world.ts';

export interface Storm extends Load {
  database: DatabaseKind;
  definitions: number;
  /** The number of processes that serve concurrently. The embedded database allows only one process. */
  processes: number;
}

export async function stormOn(t: Test, storm: Storm): Promise<void> {
  startGitRunner();
  const { database, seed, definitions, processes } = storm;
  const flags = Object.entries(storm).map(([name, value]) => `--${name} ${value}`);
  const again = `npm run storm -- ${flags.join(' ')}`;
  t.comment(again);
  const world = await makeWorld(t, database, definitions, processes);
  const shared = await runStorm(world, storm);
  t.comment(summaryOf(shared.log));
  const found = await violations(t, shared, database);
  if (found.length > 0)
    t.comment(await writeHistories(`storm-${seed}-${database}.log`, shared.log));
  t.strictSame(found, [], `all invariants hold; again: ${again}`);
  t.strictSame(missingIn(shared.log), [], 'every needed action succeeded at least once');
}

/** Writes the history of each definition to a file, and returns the file's path. */
async function writeHistories(name: string, log: Log): Promise<string> {
  const file = join(tmpdir(), name);
  const targets = [...new Set(log.map(({ target }) => target))].sort();
  await writeFile(
    file,
    targets.map((target) => `== ${target}\n${historyOf(log, target)}\n`).join('\n'),
  );
  return `the history of each definition is in ${file}`;
}

/** Counts how often each action was done and refused. */
function summaryOf(log: Log): string {
  const counts = new Map<string, [done: number, not: number]>();
  for (const entry of log) {
    const count = counts.get(entry.what) ?? [0, 0];
    count[isDone(entry) ? 0 : 1] += 1;
    counts.set(entry.what, count);
  }
  const each = [...counts].map(([what, [done, not]]) => `${what} ${done}/${done + not}`);
  return `${log.length} actions: ${each.join(', ')}`;
}
