/** Helpers of the tests that back up a registry while people work, and restore it elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { loadConfig } from '../../registry/config.ts';
import { type Deps, openDeps } from '../../registry/open.ts';
import { freshDatabase } from './databases.ts';
import { putDatabase } from './embedded-folders.ts';
import type { TestLab } from './lab.ts';
import { type DatabaseKind, measurement } from './registry.ts';

/** The settings of an empty registry. */
export async function nothingYet(t: Test, kind: DatabaseKind): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'registry-restored-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  if (kind === 'PostgreSQL')
    return { DATA_DIR: folder, DATABASE_URL: (await freshDatabase(false)).databaseUrl };
  await putDatabase(folder, false);
  return { DATA_DIR: folder };
}

export const open = (settings: Record<string, string>): Promise<Deps> =>
  openDeps(loadConfig(settings), () => 'http://registry.example', { migrates: false });

/** The refs of each repository, by its name. */
export async function refsIn({ repositories }: Deps): Promise<Record<string, unknown>> {
  const names = await repositories.list();
  const refs = names.map(async (name) => [
    name,
    [...(await (await repositories.open(name)).refs())],
  ]);
  return Object.fromEntries(await Promise.all(refs));
}

/** People who keep working: they land versions, propose changes, comment, and create definitions. */
export function atWork({ ada, ben, nano }: TestLab) {
  let stopped = false;
  const done = { landed: 0, proposed: 0, made: 0 };
  const { promise: busy, resolve: areBusy } = Promise.withResolvers<void>();
  let watching: { landed: number; resolve: () => void } | undefined;
  const until = async (work: (n: number) => Promise<void>) => {
    for (let n = 1; !stopped; n++) {
      await work(n);
      if (done.made >= 2 && done.proposed >= 2) areBusy();
      if (watching && done.landed > watching.landed) watching.resolve();
    }
  };
  const working = Promise.all([
    until(async (n) => {
      const { id } = await ada.client.definitions.byName('Meter');
      await ada.client.definitions.change(id, { source_code: measurement('Meter', n) });
      done.landed++;
    }),
    until(async (n) => {
      const { id } = await ben.client.definitions.byName('Shared');
      await ben.client.definitions.change(id, { category: `Kind ${n}` });
      done.proposed++;
    }),
    until(async (n) => {
      const name = `Made${n}`;
      await ada.client.definitions.create({
        name,
        source_code: measurement(name),
        lab_id: nano.id,
      });
      done.made++;
    }),
  ]);
  return {
    done,
    /** Resolves when two definitions and two proposals have been created. */
    busy,
    /** Resolves when more versions than this have landed. */
    landedMoreThan(landed: number): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>();
      watching = { landed, resolve };
      return promise;
    },
    async stop() {
      stopped = true;
      await working;
    },
  };
}
