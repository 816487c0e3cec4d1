/**
 * Compares the basis of a decision with the current state when the landing happens. Between the two, a policy
 * may become stricter, a role may be removed, a version may be revoked. The landing reads everything again and
 * holds the locks until the refs have moved, so it cannot ignore a change that the registry has confirmed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Oid, Repository } from '../../../repos/types.ts';
import type { DefinitionState, LandedUnder, Verdict } from '../../definitions/record.ts';
import { Problem } from '../../errors.ts';
import type { Lab } from '../../store/entities/index.ts';
import { holdLab, holdStanding } from '../../store/judged.ts';
import { findLab } from '../../store/labs.ts';
import type { EntityManager } from '../../store/types.ts';
import { type Caller, OPERATOR } from '../caller.ts';
import { landingPolicyOf } from '../lab-policy.ts';

export interface Basis {
  /** The definition's lab when the decision was made; null if it has none. */
  lab: Lab | null;
  /** Whether the other inputs of the decision are unchanged; locks them. */
  stands?: (em: EntityManager) => Promise<boolean>;
}

/** Whether anything can change the decision: not if the registry itself or its operator lands. */
export const locksBasis = (caller: Caller, judged: Basis | null): judged is Basis =>
  judged !== null && caller.actor !== OPERATOR.actor;

/**
 * Locks the lab, the caller's rights and the other inputs, and returns the lab. `judged` is null if the
 * registry itself lands, without a policy. Throws `conflict` with a cause if something changed: decide again.
 */
export async function requireUnchanged(
  em: EntityManager,
  caller: Caller,
  name: string,
  labId: number | null,
  judged: Basis | null,
): Promise<Lab | null> {
  if (!locksBasis(caller, judged)) {
    return labId === null ? null : await findLab(em, labId);
  }
  const lab = labId === null ? null : await holdLab(em, labId);
  if (labId !== (judged.lab?.id ?? null)) throw changedProblem(name, 'it was moved to another lab');
  if (!isDeepStrictEqual(rulesOf(lab), rulesOf(judged.lab))) {
    throw changedProblem(name, 'the policy of the lab has changed');
  }
  await requireRights(em, caller, name, labId);
  if (judged.stands && !(await judged.stands(em))) {
    throw changedProblem(name, 'the reviews or checks of the merge request have changed');
  }
  return lab;
}

async function requireRights(
  em: EntityManager,
  { actor }: Caller,
  name: string,
  labId: number | null,
): Promise<void> {
  if (actor.kind !== 'user') return;
  const now = await holdStanding(em, actor.id, labId);
  const role = labId === null ? null : (actor.roles.get(labId) ?? null);
  const same = actor.isAdmin ? now?.is_admin : now?.role === role;
  if (now && !now.disabled && same) return;
  // Not retried: the request was made with the caller's earlier rights.
  throw new Problem(
    'conflict',
    `Your permissions for ${name} have changed in the meantime. Sign in again and repeat the request.`,
  );
}

const changedProblem = (name: string, what: string): Problem =>
  new Problem(
    'conflict',
    `${name} was not changed, because ${what} in the meantime. Read it again and repeat your change.`,
    undefined,
    { cause: new Error(what) },
  );

const rulesOf = (lab: Lab | null) => ({
  ...landingPolicyOf(lab),
  disabled: lab?.disabled ?? false,
});

/** The lab and policy for the record of a version. */
export function landedUnder(lab: Lab | null): LandedUnder {
  const named = lab && { id: lab.id, code: lab.code, name: lab.name };
  return { lab: named, ...landingPolicyOf(lab) };
}

export interface RevokedVersion {
  version: number;
  verdict: Verdict;
}

/**
 * The revoked version with the same files. Null if there is none, or if a valid version has the same files too.
 * `isSame` compares with the commit of a version.
 */
export async function findRevokedWith(
  repository: Repository,
  { revoked }: DefinitionState,
  isSame: (commit: Oid) => Promise<boolean>,
): Promise<RevokedVersion | null> {
  if (Object.keys(revoked).length === 0) return null;
  let found: RevokedVersion | null = null;
  for (const { version, commit } of await repository.versions()) {
    if (!(await isSame(commit))) continue;
    const verdict = revoked[version];
    if (!verdict) return null;
    found ??= { version, verdict };
  }
  return found;
}

export const revokedText = ({ version, verdict }: RevokedVersion): string =>
  `The content is the same as that of version ${version}, which is revoked (${verdict.reason}). Choose another version, or reinstate that one.`;

/** The revoked version with the same files as a commit, compared by tree. */
export async function findRevokedTwin(
  repository: Repository,
  state: DefinitionState,
  commit: Pick<{ tree: Oid }, 'tree'>,
): Promise<RevokedVersion | null> {
  return await findRevokedWith(
    repository,
    state,
    async (oid) => (await repository.readCommit(oid)).tree === commit.tree,
  );
}
