/**
 * This release opens the data of earlier releases: each backup in test/fixtures/releases is restored on both databases,
 * served, read and changed. Nothing that was there is lost.
 */
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import t from 'tap';
import { createClient } from '../../client/typescript/client.ts';
import { registry, serve } from '../helpers/command.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { measurement } from '../helpers/registry.ts';

t.setTimeout(300_000);
const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'releases');
const backups = globSync(join(FOLDER, 'registry-*.zip')).sort();

t.ok(backups.length > 0, 'there is a backup of an earlier release');

for (const file of backups) {
  for (const kind of ['PGlite', 'PostgreSQL'] as const) {
    t.test(`${basename(file)} (${kind})`, async (t) => {
      const known = JSON.parse(await readFile(file.replace(/zip$/, 'json'), 'utf8'));
      const settings: Record<string, string> = { DATA_DIR: join(t.testdir(), 'var') };
      if (kind === 'PostgreSQL') settings.DATABASE_URL = (await freshDatabase(false)).databaseUrl;
      const restored = await registry(['restore', file], settings);
      t.equal(restored.code, 0, restored.stderr);
      const server = await serve(settings);
      t.teardown(async () => {
        server.signal('SIGKILL');
        await server.ended;
      });
      const { definitions, instruments, labs, mergeRequests } = createClient({
        url: server.url,
        token: known.token,
      });
      const { items } = await definitions.list({ q: 'M' });
      const names = items.map(({ name }) => name);
      for (const name of ['Meter', 'Motor']) t.ok(names.includes(name), name);
      t.match(await definitions.read(known.meter), { name: 'Meter', version: 2 });
      t.match((await instruments.list()).items, [{ name: 'The meter' }]);
      t.match(await mergeRequests.read(known.merge_request), { state: 'open' });
      t.match((await labs.list()).items, [{ code: 'nano' }]);
      const saved = await definitions.change(known.meter, {
        source_code: measurement('Meter', 4),
      });
      t.match(saved, { version: 3 });
      server.signal('SIGTERM');
      await server.ended;
      const fsck = await registry(['fsck'], settings);
      t.equal(fsck.code, 0, fsck.stderr);
      t.match(fsck.stdout, / 0 problems\.$/m);
    });
  }
}
