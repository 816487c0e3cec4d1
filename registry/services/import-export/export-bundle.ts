/**
 * What `registry export --bundle` writes, for lab computers without a network: a zip with a git bundle of each definition
 * (`bundles/<Name>.bundle`: `main` and the tags of its versions) and `manifest.json`, which says what is in them as
 * `GET /api/sync` says it. The tags are signed, so the file proves itself wherever it comes from.
 */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Repository } from '../../../repos/types.ts';
import { everything, listDefinitions } from '../../store/definitions.ts';
import type { Lab } from '../../store/entities/index.ts';
import { usernamesOf } from '../../store/indexing.ts';
import { revokedVersions } from '../../store/sync.ts';
import { newestStanding } from '../../store/versions.ts';
import { type ReadRooms, summary } from '../definitions/read-definitions.ts';
import { contentAt } from '../definitions/version-content.ts';
import { showKey } from '../signing-keys.ts';

const MOST = 100_000;

/** The newest version that stands of every definition, or of a lab's, or of the built-in ones; how many. */
export async function exportBundle(
  rooms: ReadRooms,
  file: string,
  { lab, isBuiltin }: { lab: Lab | null; isBuiltin: boolean | undefined },
  onProgress: (done: number, total: number) => void,
): Promise<number> {
  const em = rooms.store.em();
  const { items } = await listDefinitions(em, {
    viewer: everything,
    filters: { lab_id: lab?.id, is_builtin: isBuiltin },
    sort: { field: 'id' },
    page: 1,
    perPage: MOST,
  });
  const newest = await newestStanding(
    em,
    items.map(({ id }) => id),
  );
  const usernames = await usernamesOf(
    em,
    items.map(({ created_by }) => created_by),
  );
  const names = new Set(items.map(({ name }) => name));
  const definitions: object[] = [];
  const partial = `${file}.partial`;
  const zip = await openZip(partial);
  try {
    for (const row of items) {
      const version = newest.get(row.id);
      if (!version) continue;
      const { files, described } = await contentAt(rooms, row.name, version);
      definitions.push({
        ...summary(rooms, row, usernames, version),
        ...described,
        version: version.version,
        head: version.commit,
        commit: version.commit,
        files,
        approvals: version.approvals,
        bound: false,
        pinned: false,
      });
      await zip.add(
        `bundles/${row.name}.bundle`,
        await versionsOf(await rooms.repositories.open(row.name)),
      );
      onProgress(definitions.length, items.length);
    }
    const manifest = {
      registry: rooms.publicUrl(),
      made_at: new Date().toISOString(),
      definitions,
      // Of these definitions alone: what other labs have, and why they revoked it, is none of this file's business.
      revoked: (await revokedVersions(em, everything))
        .filter(({ name }) => names.has(name))
        .map(({ revoked, ...about }) => ({
          ...about,
          reason: (revoked as { reason?: string } | null)?.reason ?? '',
        })),
      signing_keys: (await rooms.signingKeys.list()).map(showKey),
    };
    await zip.add('manifest.json', [Buffer.from(JSON.stringify(manifest))]);
    await zip.close();
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  return definitions.length;
}

/** A git bundle of `main` and the tags of its versions. */
async function versionsOf(repository: Repository): Promise<AsyncIterable<Uint8Array>> {
  const refs = await repository.refs();
  const wanted = [...refs].filter(
    ([name]) => name === 'refs/heads/main' || name.startsWith('refs/tags/v'),
  );
  return repository.bundle(new Map(wanted));
}

/** A zip on its way to the disk, an entry after the other; git has compressed what is in it. */
async function openZip(path: string) {
  const { Zip, ZipPassThrough } = await import('fflate');
  const out = createWriteStream(path);
  const { promise: closed, resolve, reject } = Promise.withResolvers<void>();
  out.once('error', reject).once('close', resolve);
  closed.catch(() => {}); // said where it is waited for
  const zip = new Zip((error, chunk, final) => {
    if (error) return void out.destroy(error);
    out.write(chunk);
    if (final) out.end();
  });
  return {
    async add(name: string, content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
      const entry = new ZipPassThrough(name);
      zip.add(entry);
      for await (const chunk of content) {
        entry.push(chunk);
        if (out.writableNeedDrain)
          await Promise.race([new Promise<void>((go) => out.once('drain', () => go())), closed]);
      }
      entry.push(new Uint8Array(), true);
    },
    async close() {
      zip.end();
      await closed;
    },
  };
}
