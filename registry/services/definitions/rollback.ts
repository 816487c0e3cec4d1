/** Rolls a definition back: lands a new version with the files of an older version. */

import { landingMessage } from '../../definitions/record.ts';
import { Problem } from '../../errors.ts';
import { findVersion } from '../../store/versions.ts';
import { authorize, authorOf, type Caller } from '../caller.ts';
import { readState } from '../content/files.ts';
import type { SaveDeps } from '../deps.ts';
import { land } from '../landing/landing.ts';
import { propose } from '../review/propose.ts';
import { loadDefinition } from './find-definition.ts';
import type { Saved } from './save-files.ts';
import { decideLanding } from './save-rights.ts';

/**
 * `POST …/rollback`, for admins of the lab. The rollback lands at once, or opens a merge request if the policy forbids
 * direct landings. The record of the new version repeats the overrides of the older version. Throws `conflict` if the
 * older version is revoked or if nothing would change.
 */
export async function rollback(
  deps: SaveDeps,
  caller: Caller,
  id: number,
  wanted: { version: number; reason: string; override?: string },
): Promise<Saved> {
  const { row, lab, facts } = await loadDefinition(deps, caller, id);
  authorize(caller, { on: 'definition', do: 'propose', of: facts }, deps.rules, 'definition');
  authorize(caller, { on: 'definition', do: 'manage', of: facts }, deps.rules, 'definition');
  const way = decideLanding(caller, facts, deps.rules, wanted.override);
  const target = await findVersion(deps.store.em(), row.id, wanted.version);
  if (!target) throw new Problem('not_found', `${row.name} has no version ${wanted.version}.`);
  const repository = await deps.repositories.open(row.name);
  const from = await repository.tip();
  const { state } = await readState(repository);
  const revoked = state.revoked[wanted.version];
  if (revoked) {
    throw new Problem(
      'conflict',
      `Version ${wanted.version} is revoked (${revoked.reason}). Choose another version.`,
    );
  }
  if (from.head === null) throw new Problem('conflict', `${row.name} has no version yet.`);
  const [current, old] = await Promise.all([
    repository.readCommit(from.head),
    repository.readCommit(target.commit),
  ]);
  if (current.tree === old.tree) {
    throw new Problem(
      'conflict',
      `${row.name} already has the content of version ${wanted.version}.`,
    );
  }
  const summary = `Revert to v${wanted.version}\n\n${wanted.reason}`;
  if (!way.lands) {
    const ground = { own: null, parent: from.head, base: from.head };
    const change = { summary, tree: old.tree };
    return { mergeRequest: await propose(deps, caller, row, repository, ground, change) };
  }
  const author = { ...authorOf(caller), at: new Date() };
  // The field `broken` is left out, because it makes the audit trail report an override, and this landing needs none.
  const repeated = target.overrides.map(({ code, message }) => ({ code, message }));
  const overrides = [...repeated, ...way.overrides];
  const commit = await repository.commit({
    parent: from.head,
    tree: old.tree,
    author,
    committer: author,
    message: landingMessage(summary, [
      ['Landed-by', `${author.name} <${author.email}>`],
      ...way.overrides.map(({ message }): [string, string] => ['Override', message]),
    ]),
  });
  const { version } = await land(deps, caller, {
    repository,
    from,
    judged: { lab },
    versions: [{ commit, author, summary, overrides }],
    grants: target.permissions,
  });
  return { version };
}
