/** Lets lab admins deprecate, revoke and reinstate landed versions. */
import { isDeepStrictEqual } from 'node:util';
import type { DefinitionState, Verdict } from '../../definitions/record.ts';
import { Problem } from '../../errors.ts';
import { findVersion } from '../../store/versions.ts';
import { authorize, type Caller, personOf } from '../caller.ts';
import { readState } from '../content/files.ts';
import type { SaveDeps } from '../deps.ts';
import { land } from '../landing/landing.ts';
import { loadDefinition } from './find-definition.ts';

/** The names also appear in the actions of the audit trail, for example `version.deprecated`. */
export type VerdictKind = 'deprecated' | 'revoked' | 'reinstated';

/**
 * Deprecates a version (users get a warning), revokes it (computers and rollbacks cannot use it), or reinstates it
 * (removes both verdicts). A version can be deprecated and revoked at the same time. Repeating a verdict with another
 * reason replaces the reason. Commits, tags and `main` do not change. Throws `not_found`, `forbidden`, `conflict`.
 */
export async function setVerdict(
  deps: SaveDeps,
  caller: Caller,
  { id, n }: { id: number; n: number },
  kind: VerdictKind,
  reason: string,
): Promise<void> {
  const { row, lab, facts } = await loadDefinition(deps, caller, id);
  authorize(caller, { on: 'definition', do: 'manage', of: facts }, deps.rules, 'definition');
  if (!(await findVersion(deps.store.em(), row.id, n))) {
    throw new Problem('not_found', `${row.name} has no version ${n}.`);
  }
  const repository = await deps.repositories.open(row.name);
  const { state, from } = await readState(repository);
  const at = new Date().toISOString();
  const to = withVerdict(state, n, kind, { reason, by: personOf(caller), at });
  const [before, after] = [verdictsIn(state, n), verdictsIn(to, n)];
  if (isDeepStrictEqual(reasons(before), reasons(after))) return;
  await land(deps, caller, {
    repository,
    from: await repository.tip(),
    judged: { lab },
    versions: [],
    state: { from, to: { ...to, updated_at: at } },
    event: {
      action: `version.${kind}`,
      before: { version: n, ...before },
      after: { version: n, ...after, ...(kind === 'reinstated' && { reason }) },
    },
  });
}

function withVerdict(
  state: DefinitionState,
  n: number,
  kind: VerdictKind,
  verdict: Verdict,
): DefinitionState {
  if (kind === 'deprecated') return { ...state, deprecated: { ...state.deprecated, [n]: verdict } };
  const { [n]: _before, ...reinstated } = state.reinstated ?? {};
  if (kind === 'revoked')
    return { ...state, reinstated, revoked: { ...state.revoked, [n]: verdict } };
  const { [n]: _deprecated, ...deprecated } = state.deprecated;
  const { [n]: was, ...revoked } = state.revoked;
  return {
    ...state,
    deprecated,
    revoked,
    reinstated: was ? { ...reinstated, [n]: verdict } : (state.reinstated ?? {}),
  };
}

const verdictsIn = (state: DefinitionState, n: number) => ({
  deprecated: state.deprecated[n] ?? null,
  revoked: state.revoked[n] ?? null,
});

const reasons = ({ deprecated, revoked }: ReturnType<typeof verdictsIn>) => [
  deprecated?.reason,
  revoked?.reason,
];
