/** The commands `registry migrate`, `reindex`, `fsck` and `maintain`. */
import type { Deps } from '../open.ts';
import { fsck } from '../services/repair/fsck.ts';
import { mend } from '../services/repair/mend.ts';
import { reindex } from '../services/repair/reindex.ts';
import type { Terminal } from './terminal.ts';

/** Only reports whether the database is up to date, because opening the database has already migrated it. */
export async function runMigrate({ store }: Deps, terminal: Terminal) {
  const pending = await store.pending();
  terminal.out(pending.length === 0 ? 'The database is up to date.' : `Pending: ${pending}`);
  return pending.length === 0 ? 0 : 1;
}

export async function runReindex(
  deps: Deps,
  terminal: Terminal,
  { deleteMissing = false }: { deleteMissing?: boolean },
) {
  const report = await reindex(deps, {
    deleteMissing,
    onProgress: (done, total) => terminal.progress(done, total, 'Reading repositories'),
  });
  terminal.out(`${report.definitions} definitions, ${report.versions} versions indexed.`);
  for (const name of report.removed) {
    terminal.out(`${name}: removed from the index, because its repository no longer exists`);
  }
  for (const { name, reason } of report.skipped) terminal.err(`${name}: skipped, ${reason}`);
  for (const { name, reason } of report.missing) terminal.err(`${name}: ${reason}`);
  return report.skipped.length + report.missing.length === 0 ? 0 : 1;
}

export async function runFsck(
  deps: Deps,
  terminal: Terminal,
  { repair = false }: { repair?: boolean } = {},
) {
  if (repair) {
    const { done, failed } = await mend(deps, (done, total) =>
      terminal.progress(done, total, 'Repairing repositories'),
    );
    for (const { name, what } of done) terminal.out(`${name}: ${what}`);
    for (const { name, error } of failed) terminal.err(`${name}: not repaired: ${error.message}`);
  }
  const report = await fsck(deps, (done, total) =>
    terminal.progress(done, total, 'Checking repositories'),
  );
  for (const name of report.repaired) terminal.out(`${name}: repaired after a crash`);
  for (const { where, problem } of report.problems) terminal.err(`${where}: ${problem}`);
  terminal.out(`${report.repositories} repositories, ${report.problems.length} problems.`);
  if (repair && report.problems.length > 0) {
    terminal.err(
      'What is listed was not repaired, because a repair could lose something. docs/reliability.md says what to do by hand ("Ways back").',
    );
  }
  return report.problems.length === 0 ? 0 : 1;
}

/** Packs every repository now. The registry also packs repositories by itself, after landings. */
export async function runMaintain({ repositories }: Deps, terminal: Terminal) {
  const names = await repositories.list();
  const failed: string[] = [];
  for (const [i, name] of names.entries()) {
    try {
      await (await repositories.open(name)).maintain();
    } catch (error) {
      // A damaged repository must not prevent the maintenance of the others.
      failed.push(`${name}: ${(error as Error).message}`);
    }
    terminal.progress(i + 1, names.length, 'Packing repositories');
  }
  for (const line of failed) terminal.err(`${line}. Run: registry fsck`);
  terminal.out(
    `${names.length - failed.length} repositories are in order, ${failed.length} are not.`,
  );
  return failed.length === 0 ? 0 : 1;
}
