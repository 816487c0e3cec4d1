/**
 * Forged and damaged backups. The flaw: a forged backup ended the command with a stack trace. Verified: each such
 * backup is refused with a message, by the function and by the command. A refused backup leaves nothing behind, and an
 * intact backup is accepted afterwards.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { unzipSync, zipSync } from 'fflate';
import t from 'tap';
import yazl from 'yazl';
import { loadConfig } from '../../registry/config.ts';
import { Problem } from '../../registry/errors.ts';
import { openDeps } from '../../registry/open.ts';
import { ArchiveReader } from '../../registry/services/archive.ts';
import { backup } from '../../registry/services/backup/backup.ts';
import { restore } from '../../registry/services/backup/restore.ts';
import { registry } from '../helpers/command.ts';
import { freshDatabase } from '../helpers/databases.ts';
import { putDatabase } from '../helpers/embedded-folders.ts';
import { startLab } from '../helpers/lab.ts';
import { type DatabaseKind, measurement } from '../helpers/registry.ts';

t.setTimeout(240_000);

type Entries = Record<string, Uint8Array>;
const bytes = (text: string): Uint8Array => Buffer.from(text);

/** An archive with matching checksums, as an attacker would create it. */
function archive(entries: Entries): Uint8Array {
  const { SHA256SUMS: _, ...rest } = entries;
  const sums = Object.entries(rest)
    .map(([name, content]) => `${createHash('sha256').update(content).digest('hex')}  ${name}\n`)
    .join('');
  return zipSync({ ...rest, SHA256SUMS: bytes(sums) }, { level: 1 });
}

const { folder, file, content } = await whole();

async function whole() {
  const lab = await startLab(t);
  await lab.ada.client.definitions.create({ name: 'Meter', source_code: measurement('Meter') });
  const folder = await mkdtemp(join(tmpdir(), 'registry-crafted-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'whole');
  await backup({ ...lab.deps, version: 'test' }, file);
  return { folder, file, content: await readFile(file) };
}

/** Backups with a changed manifest or other entries. Each backup is created when it is needed. */
function craft(content: Uint8Array): Record<string, () => Uint8Array> {
  const entries = unzipSync(content);
  const manifest = JSON.parse(Buffer.from(entries['manifest.json'] as Uint8Array).toString());
  const withManifest = (change: object) =>
    archive({ ...entries, 'manifest.json': bytes(JSON.stringify({ ...manifest, ...change })) });
  const withEntries = (more: Entries) => archive({ ...entries, ...more });
  const raw = (text: string) => withEntries({ 'manifest.json': bytes(text) });
  const { repositories, keys, tables, sequences } = manifest;
  const [table = ''] = Object.keys(tables).filter((name) => tables[name] > 0);
  const [sequence = ''] = Object.keys(sequences);
  return {
    'a manifest that is not JSON': () => raw('{'),
    'a manifest that is null': () => raw('null'),
    'a manifest that is a list': () => raw('[]'),
    'a manifest of another format': () => withManifest({ format: 2 }),
    'tables that are text': () => withManifest({ tables: 'x' }),
    'a repository whose name leads out of the folder': () =>
      withManifest({ repositories: ['../../etc'] }),
    'a repository twice': () => withManifest({ repositories: [...repositories, ...repositories] }),
    'two repositories whose names differ only in case': () =>
      withManifest({
        repositories: [...repositories, ...repositories.map((name: string) => name.toUpperCase())],
      }),
    'a repository that is missing': () =>
      withManifest({ repositories: [...repositories, 'Absent'] }),
    'a key whose name leads out of the folder': () =>
      withManifest({ keys: [...keys, '../session-secret'] }),
    'a key that is missing': () => withManifest({ keys: [...keys, 'absent'] }),
    'migrations that nobody knows': () => withManifest({ migrations: ['9999-from-nowhere'] }),
    'no migrations': () => withManifest({ migrations: [] }),
    'a migration in the middle': () => withManifest({ migrations: ['0002-review'] }),
    'other tables': () => withManifest({ tables: { ...tables, more: 0 } }),
    'a table whose name contains a statement': () =>
      withManifest({ tables: { ...tables, 'x"; drop table users; --': 0 } }),
    'a wrong count': () => withManifest({ tables: { ...tables, [table]: tables[table] + 1 } }),
    'a sequence with a negative value': () =>
      withManifest({ sequences: { ...sequences, [sequence]: -5 } }),
    'a sequence that does not exist': () =>
      withManifest({ sequences: { ...sequences, nowhere: 1 } }),
    'rows that are not JSON': () => withEntries({ [`database/${table}.jsonl`]: bytes('{\n') }),
    'rows of other types': () =>
      withEntries({ [`database/${table}.jsonl`]: bytes('{"id": {}}\n') }),
    'rows that are lists': () => withEntries({ [`database/${table}.jsonl`]: bytes('[1]\n') }),
    'a bundle that is not a bundle': () =>
      withEntries({ 'repositories/Meter.bundle': bytes('# v2 git bundle\n') }),
    'a bundle that is empty': () => withEntries({ 'repositories/Meter.bundle': bytes('') }),
    'an entry whose path leads out of the folder': () => withEntries({ '../../out': bytes('x') }),
    'an absolute entry': () => withEntries({ '/etc/out': bytes('x') }),
    'a list of checksums that is huge when unpacked': () =>
      zipSync({ ...entries, SHA256SUMS: new Uint8Array(70 * 1024 * 1024) }, { level: 1 }),
    'a manifest that is huge when unpacked': () =>
      withEntries({
        'manifest.json': new Uint8Array(70 * 1024 * 1024),
      }),
    'no entries': () => zipSync({}),
    'only sums': () => archive({}),
    'no zip': () => bytes('PK\u0003\u0004 and then nothing'),
  };
}

/** An archive with two entries of the same name. Programs differ in which of the two entries they read. */
async function twice(content: Uint8Array): Promise<Uint8Array> {
  const zip = new yazl.ZipFile();
  const chunks: Buffer[] = [];
  for (const [name, bytes] of Object.entries(unzipSync(content)))
    zip.addBuffer(Buffer.from(bytes), name);
  zip.addBuffer(Buffer.from('{}'), 'manifest.json');
  zip.end();
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

t.test('a crafted backup is refused with a message and leaves nothing behind', async (t) => {
  const doubled = await twice(content);
  const all = { ...craft(content), 'an entry twice': () => doubled };
  const [embedded, server] = await Promise.all([nothingYet(), nothingYet('PostgreSQL')]);
  for (const [what, make] of Object.entries(all)) {
    await writeFile(join(folder, 'crafted'), make());
    for (const [kind, deps] of Object.entries({ embedded, server })) {
      const error = await restore(deps, join(folder, 'crafted')).then(
        () => undefined,
        (error: unknown) => error,
      );
      if (!(error instanceof Problem)) t.fail(`${kind}: ${what}: ${error}`);
      t.ok((error as Problem).message.length < 600, `${what}: ${(error as Problem).message}`);
      t.same(await deps.repositories.list(), [], what);
      t.same(await readdir(deps.keysFolder).catch(() => []), [], what);
    }
  }
  for (const deps of [embedded, server]) {
    await restore(deps, file);
    t.same(
      (await deps.repositories.list()).length > 0,
      true,
      'the intact backup is accepted afterwards',
    );
  }

  async function nothingYet(kind: DatabaseKind = 'PGlite') {
    const DATA_DIR = await mkdtemp(join(folder, 'data-'));
    const databaseUrl = kind === 'PostgreSQL' && (await freshDatabase(false)).databaseUrl;
    if (!databaseUrl) await putDatabase(DATA_DIR, false);
    const config = loadConfig({ DATA_DIR, ...(databaseUrl && { DATABASE_URL: databaseUrl }) });
    const deps = await openDeps(config, () => 'http://here', { migrates: false });
    t.teardown(() => deps.close());
    return deps;
  }
});

t.test('the command prints the problem in one line and exits with 1', async (t) => {
  const DATA_DIR = await mkdtemp(join(folder, 'data-'));
  await putDatabase(DATA_DIR, false);
  for (const what of ['a manifest that is null', 'rows of other types']) {
    await writeFile(join(folder, 'crafted'), craft(content)[what]?.() ?? '');
    const { code, stderr } = await registry(['restore', join(folder, 'crafted')], { DATA_DIR });
    t.equal(code, 1, what);
    t.match(stderr, /backup/);
    t.notMatch(stderr, /^ {4}at |node:internal|\.ts:\d+/m, stderr);
  }
});

t.test(
  'a backup with any byte changed is either read completely or refused with a message',
  async (t) => {
    const path = join(folder, 'changed');
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(content.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(content.length)),
        async (changes, end) => {
          const copy = Buffer.from(content);
          for (const [at, byte] of changes) copy[at] = byte;
          await writeFile(path, end === null ? copy : copy.subarray(0, end));
          try {
            const archive = await ArchiveReader.open(path);
            try {
              for (const name of archive.names) await archive.text(name);
            } finally {
              archive.close();
            }
          } catch (error) {
            if (!(error instanceof Problem)) throw error;
            refused += 1;
          }
        },
      ),
      { numRuns: 150 },
    );
    t.ok(refused > 50, `${refused} were refused`);
  },
);
