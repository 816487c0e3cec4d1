/**
 * Writes the file of `registry export --bundle` for lab computers without a network. The file is a zip with a git
 * bundle of each definition (`bundles/<Name>.bundle`, with `main` and the tags of its versions) and a `manifest.json`
 * like the answer of `GET /api/sync`. Signed tags and the signed `statement` about the manifest let a computer verify
 * the file.
 */
import { createHash } from 'node:crypto';
import type { Repository } from '../../../repos/types.ts';
import { isVersionRef } from '../../../text/refs.ts';
import { Problem } from '../../errors.ts';
import { signStatement } from '../../signing/statement.ts';
import { everything } from '../../store/definitions.ts';
import { usernamesOf } from '../../store/indexing.ts';
import { numberOfAll, reinstatedVersions, revokedVersions } from '../../store/sync.ts';
import { newestStanding } from '../../store/versions.ts';
import { ArchiveWriter } from '../archive.ts';
import { offerOf } from '../definitions/offer.ts';
import type { ReadDeps } from '../definitions/read-definitions.ts';
import { showKey } from '../signing/signing-keys.ts';
import { standingDefinitions, type Whose } from './export-definitions.ts';

/**
 * Writes the bundle, and returns the number of definitions in it. The manifest lists each definition at its newest
 * version that is not revoked. Throws a `Problem`, and writes nothing, if there is no definition to export.
 */
export async function exportBundle(
  deps: ReadDeps,
  file: string,
  whose: Whose,
  onProgress: (done: number, total: number) => void,
): Promise<number> {
  const rows = await standingDefinitions(deps, whose);
  const em = deps.store.em();
  // The number is read before the versions. A version that lands in the meantime may be in the bundle, but the statement
  // does not promise it.
  const before = await numberOfAll(em);
  const newest = await newestStanding(
    em,
    rows.map(({ id }) => id),
  );
  if (newest.size === 0) {
    const reason =
      'There is nothing to export. The selected definitions have no versions, or only revoked versions';
    throw new Problem('invalid', `${reason}. Select definitions with --lab CODE and --builtin.`);
  }
  const usernames = await usernamesOf(
    em,
    rows.map(({ created_by }) => created_by),
  );
  const names = new Set(rows.map(({ name }) => name));
  const definitions: object[] = [];
  const archive = await ArchiveWriter.create(file);
  try {
    for (const row of rows) {
      const version = newest.get(row.id);
      if (!version) continue;
      const offer = await offerOf(deps, row, version, usernames);
      definitions.push({ ...offer, bound: false, pinned: false });
      const bundle = await versionsOf(await deps.repositories.open(row.name));
      await archive.add(`bundles/${row.name}.bundle`, bundle, { packed: true });
      onProgress(definitions.length, rows.length);
    }
    const manifest = {
      registry: deps.publicUrl(),
      made_at: new Date().toISOString(),
      definitions,
      // Other definitions are left out, because the file must not reveal what other labs have and why they revoked it.
      revoked: (await revokedVersions(em, everything))
        .filter(({ name }) => names.has(name))
        .map(({ revoked, ...about }) => ({
          ...about,
          reason: (revoked as { reason?: string } | null)?.reason ?? '',
        })),
      reinstated: (await reinstatedVersions(em, everything)).filter(({ name }) => names.has(name)),
      signing_keys: (await deps.signingKeys.list()).map(showKey),
    };
    const text = JSON.stringify(manifest);
    await archive.add('manifest.json', [text]);
    const audience = `bundle:${whose.lab?.id ?? ''}${whose.isBuiltin ? '+builtin' : ''}`;
    const digest = createHash('sha256').update(text).digest('hex');
    const about = { audience, ...before, signed_at: manifest.made_at, digest };
    await archive.add('statement', [signStatement(about, await deps.signingKeys.signer())]);
    await archive.finish();
  } catch (error) {
    await archive.abandon();
    throw error;
  }
  return definitions.length;
}

/** Creates a git bundle of `main` and the tags of its versions. */
async function versionsOf(repository: Repository) {
  const refs = await repository.refs();
  const wanted = [...refs].filter(([name]) => isVersionRef(name));
  return repository.bundle(new Map(wanted));
}
