/**
 * Checks, right before a landing, that the decision to land is still valid. Since the decision, a policy may have
 * become stricter, a role may have been removed, or a version may have been revoked. The landing reads policy, roles
 * and revocations again under locks, and holds the locks until the refs have moved. So a landing respects every change
 * that the registry has confirmed.
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
  /** The definition's lab when the decision was made. Null if the definition has no lab. */
  lab: Lab | null;
  /** Locks the other inputs of the decision (such as reviews), and returns whether they are unchanged. */
  stands?: (em: EntityManager) => Promise<boolean>;
}

/** Whether a decision can become invalid. Landings of the registry itself and of its operator are always allowed. */
export const locksBasis = (caller: Caller, judged: Basis | null): judged is Basis =>
  judged !== null && caller.actor !== OPERATOR.actor;

/**
 * Locks the lab, the caller's rights and the other inputs of the decision, and returns the lab. `judged` is null if the
 * registry itself lands, because no policy applies then. Throws `conflict` with a cause if an input changed: the caller
 * can decide again.
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
  // The problem has no `cause`, so the landing is not retried: the caller's rights were read when the request began.
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

/** The lab and policy that the record of a version refers to. */
export function landedUnder(lab: Lab | null): LandedUnder {
  const named = lab && { id: lab.id, code: lab.code, name: lab.name };
  return { lab: named, ...landingPolicyOf(lab) };
}

export interface RevokedVersion {
  version: number;
  verdict: Verdict;
}

/**
 * Finds a revoked version with the same files. Null if there is none, or if a version that is not revoked has the same
 * files too. `isSame` compares the files with those of a version's commit.
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
  `The content is the same as that of version ${version}, which is revoked (${verdict.reason}). Choose another version, or reinstate version ${version}.`;

/** Finds a revoked version with the same files as a commit. The comparison uses the object ids of the trees. */
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
