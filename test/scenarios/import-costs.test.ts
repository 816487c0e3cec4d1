/**
 * Tests which modules an import loads. The modules determine the time of an import, which cannot be compared between
 * machines.
 */
import { join } from 'node:path';
import t from 'tap';
import { freshDatabase } from '../helpers/databases.ts';
import { observe } from '../helpers/observe.ts';

/** Modules that lint, archive, hash passwords, back up or serve. */
const UNNEEDED =
  /\/node_modules\/(@astral-sh\/ruff|yazl|yauzl|@node-rs\/argon2|fastify|pino)|\/registry\/(routes|plugins|services\/(backup|people|sync))\//;

t.test('an import that finds no instruments loads only what reading Python needs', async (t) => {
  const folder = t.testdir({
    drivers: { 'README.md': '# Notes\n', 'tools.py': 'def twice(x):\n    return 2 * x\n' },
    data: {},
  });
  const { code, stdout, modules } = await observe(
    ['import', join(folder, 'drivers')],
    await settings(join(folder, 'data')),
  );
  t.equal(code, 0);
  t.match(stdout, '0 definitions');
  t.same(
    modules.filter((url) => UNNEEDED.test(url)),
    [],
  );
  t.ok(
    modules.some((url) => url.endsWith('/analysis/folder-worker.ts')),
    'the list includes the modules of its worker',
  );
});

async function settings(data: string): Promise<Record<string, string>> {
  const { databaseUrl } = await freshDatabase();
  return { DATA_DIR: data, DATABASE_URL: databaseUrl };
}
