/**
 * A storm and its invariants. The output of a failure suffices to start the same storm and to see what
 * happened.
 */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { startGitRunner } from '../../helpers/git.ts';
import type { DatabaseKind } from '../../helpers/registry.ts';
import { blow, type Force, missingIn } from './blow.ts';
import { violations } from './laws.ts';
import { historyOf, isDone, type Log } from './log.ts';
import { makeWorld } from './world.ts';

export interface Storm extends Force {
  database: DatabaseKind;
  definitions: number;
  /** How many processes serve concurrently; the embedded database allows one. */
  processes: number;
}

export async function stormOn(t: Test, storm: Storm): Promise<void> {
  startGitRunner();
  const { database, seed, definitions, processes } = storm;
  const flags = Object.entries(storm).map(([name, value]) => `--${name} ${value}`);
  const again = `npm run storm -- ${flags.join(' ')}`;
  t.comment(again);
  const world = await makeWorld(t, database, definitions, processes);
  const shared = await blow(world, storm);
  t.comment(summaryOf(shared.log));
  const found = await violations(t, shared, database);
  if (found.length > 0) t.comment(await written(`storm-${seed}-${database}.log`, shared.log));
  t.strictSame(found, [], `all laws hold; again: ${again}`);
  t.strictSame(missingIn(shared.log), [], 'what the laws are about was done');
}

/** Writes the history of each definition to a file and returns where it is. */
async function written(name: string, log: Log): Promise<string> {
  const file = join(tmpdir(), name);
  const targets = [...new Set(log.map(({ target }) => target))].sort();
  await writeFile(
    file,
    targets.map((target) => `== ${target}\n${historyOf(log, target)}\n`).join('\n'),
  );
  return `what happened to each definition stands in ${file}`;
}

/** How often each action was done and refused. */
function summaryOf(log: Log): string {
  const counts = new Map<string, [done: number, not: number]>();
  for (const entry of log) {
    const count = counts.get(entry.what) ?? [0, 0];
    count[isDone(entry) ? 0 : 1] += 1;
    counts.set(entry.what, count);
  }
  const each = [...counts].map(([what, [done, not]]) => `${what} ${done}/${done + not}`);
  return `${log.length} deeds: ${each.join(', ')}`;
}
