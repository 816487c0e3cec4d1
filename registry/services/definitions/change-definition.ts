/** Changes a definition through the API: its files, its lab, and whether it is public. */

import type { Repository } from '../../../repos/types.ts';
import type { DefinitionFacts } from '../../access/decide.ts';
import type { ReadContent } from '../../definitions/content.ts';
import type { Files } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import type { DefinitionChange } from '../../schemas/definitions.ts';
import { findLab } from '../../store/labs.ts';
import { auditLanded } from '../audit/entries.ts';
import { authorize, type Caller } from '../caller.ts';
import { changesBetween, filesOf, readState } from '../content/files.ts';
import type { SaveDeps } from '../deps.ts';
import { indexRepository } from '../landing/index-repository.ts';
import { commitFiles, land } from '../landing/landing.ts';
import { findGround, linkTo, propose } from '../review/propose.ts';
import { loadDefinition } from './find-definition.ts';
import { checkFiles, compose, policyFor, type Saved } from './save-files.ts';
import { decideLanding, requireGrantRights } from './save-rights.ts';

/**
 * `PUT /api/instrument-definitions/:id`. A change that needs review updates the caller's open merge request, or opens
 * one. A change of lab or visibility takes effect at once. Throws `Problem`.
 */
export async function changeDefinition(
  deps: SaveDeps,
  caller: Caller,
  key: number,
  body: DefinitionChange,
): Promise<Saved> {
  const { row, facts, policy, lab } = await loadDefinition(deps, caller, key);
  const { name, lab_id, is_public, change_summary, expected_version, override, grants, ...change } =
    body;
  if (name !== undefined && name !== row.name) {
    throw new Problem(
      'invalid',
      `${row.name} cannot be renamed, because the class has this name in every clone.`,
      [{ path: 'name', message: 'cannot be changed' }],
    );
  }
  authorize(caller, { on: 'definition', do: 'propose', of: facts }, deps.rules, 'definition');
  const repository = await deps.repositories.open(row.name);
  const from = await repository.tip();
  if (expected_version !== undefined && (expected_version ?? 0) !== from.version) {
    throw new Problem(
      'conflict',
      `${row.name} is now at version ${from.version}, not ${expected_version}. Read it again and repeat your change.`,
    );
  }
  const way = decideLanding(caller, facts, deps.rules, override);
  requireGrantRights(deps, caller, row.lab_id, way.lands, grants);
  const ground = way.lands ? undefined : await findGround(deps, caller, row, repository, from);
  const head = ground ? ground.parent : from.head;
  const before: Files = head === null ? new Map() : await filesOf(repository, head);
  const files = await compose(deps, caller, row.name, before, change);
  const changes = changesBetween(before, files);
  const changed = changes.size > 0;
  let content: ReadContent | undefined;
  if (changed || body.base_class !== undefined) {
    const save = { policy, lab, files, grants, lands: way.lands, name: row.name };
    const held = await policyFor(deps, caller, save);
    const { base_class } = body;
    const { source_code } = change;
    content = await checkFiles(deps, caller, row.name, files, base_class, held, source_code);
  }
  const moved = await moveState(deps, caller, repository, facts, { lab_id, is_public });
  const summary = change_summary ?? `Update ${row.name}`;
  if (ground) {
    if (moved) {
      await land(deps, caller, { repository, from, judged: { lab }, versions: [], ...moved });
    }
    if (changed) {
      return {
        mergeRequest: await propose(deps, caller, row, repository, ground, { summary, changes }),
      };
    }
    return ground.own ? { mergeRequest: linkTo(deps, ground.own.id) } : {};
  }
  if (!changed && !moved && from.version > (row.version ?? 0)) {
    // The same save may have landed in a process that was killed before it updated the index. Proxies repeat a PUT.
    await indexRepository(deps, repository, { also: auditLanded });
  }
  if (!way.lands || (!changed && !moved)) return {};
  const { overrides } = way;
  const { version } = await land(deps, caller, {
    repository,
    from,
    judged: { lab },
    ...(changed
      ? await commitFiles(repository, caller, head, changes, {
          summary,
          overrides,
          ...(content && { content }),
        })
      : { versions: [] }),
    ...(grants && { grants }),
    ...moved,
  });
  return changed ? { version } : {};
}

/** The new state if `lab_id` or `is_public` changes. Moving to another lab needs an admin of both labs. */
async function moveState(
  { store, rules }: SaveDeps,
  caller: Caller,
  repository: Repository,
  facts: DefinitionFacts,
  wanted: { lab_id: number | null | undefined; is_public: boolean | undefined },
) {
  const { state, from } = await readState(repository);
  const before = { lab_id: state.lab?.id ?? null, is_public: state.is_public };
  const after = {
    lab_id: wanted.lab_id === undefined ? before.lab_id : wanted.lab_id,
    is_public: wanted.is_public ?? before.is_public,
  };
  if (after.lab_id === before.lab_id && after.is_public === before.is_public) return undefined;
  authorize(caller, { on: 'definition', do: 'manage', of: facts }, rules, 'definition');
  if (after.lab_id !== before.lab_id) {
    authorize(caller, { on: 'lab', do: 'manage', labId: before.lab_id }, rules, 'lab');
    authorize(caller, { on: 'lab', do: 'manage', labId: after.lab_id }, rules, 'lab');
  }
  const lab = after.lab_id === null ? null : await findLab(store.em(), after.lab_id);
  if (after.lab_id !== null && !lab) {
    throw new Problem('invalid', 'There is no such lab.', [
      { path: 'lab_id', message: 'there is no such lab' },
    ]);
  }
  return {
    state: {
      from,
      to: {
        ...state,
        lab: lab && { id: lab.id, code: lab.code, name: lab.name },
        is_public: after.is_public,
        updated_at: new Date().toISOString(),
      },
    },
    event: { action: 'definition.moved' as const, before, after },
  };
}
