/**
 * Archives and unarchives a definition. An archived definition does not appear in lists, and lab computers no longer get
 * it. The repository of an archived definition stays.
 */
import { decide, type Rules } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import { bindingsMatching } from '../../store/bindings.ts';
import { lockDefinition, markArchived } from '../../store/indexing.ts';
import type { EntityManager } from '../../store/types.ts';
import { authorize, type Caller } from '../caller.ts';
import { readState } from '../content/files.ts';
import type { LandingDeps } from '../deps.ts';
import { land } from '../landing/landing.ts';
import type { Intent } from '../landing/transaction.ts';
import { loadDefinition } from './find-definition.ts';

export interface ArchiveDeps extends LandingDeps {
  rules: Rules;
}

/**
 * Archives or unarchives a definition. Throws `conflict` if nothing would change, and `in_use` with a list of the
 * bindings if instruments that use the definition are bound.
 */
export async function setArchived(
  deps: ArchiveDeps,
  caller: Caller,
  id: number,
  archived: boolean,
): Promise<void> {
  const { row, lab, facts } = await loadDefinition(deps, caller, id);
  authorize(caller, { on: 'definition', do: 'manage', of: facts }, deps.rules, 'definition');
  const repository = await deps.repositories.open(row.name);
  const { state, from } = await readState(repository);
  if ((state.archived_at !== null) === archived) {
    throw new Problem(
      'conflict',
      `${row.name} is ${archived ? 'already archived' : 'not archived'}.`,
    );
  }
  const now = new Date().toISOString();
  const after = { ...state, archived_at: archived ? now : null, updated_at: now };
  await land(deps, caller, {
    repository,
    from: await repository.tip(),
    judged: { lab },
    versions: [],
    state: { from, to: after },
    ...(archived && { intent: archiveIntent(deps, caller, row, now) }),
    event: {
      action: archived ? 'definition.archived' : 'definition.restored',
      before: { archived_at: state.archived_at },
      after: { archived_at: after.archived_at },
    },
  });
}

/**
 * Marks the definition as archived under the lock that new bindings take too. So nobody can bind an instrument between
 * the check for bindings and the archiving.
 */
const archiveIntent = (
  { rules }: ArchiveDeps,
  caller: Caller,
  { id, name }: { id: number; name: string },
  at: string,
): Intent => ({
  begin: (em) =>
    em.transactional(async (em) => {
      await lockDefinition(em, id);
      await requireUnbound(em, rules, caller, { id, name });
      await markArchived(em, id, new Date(at));
    }),
  undo: (em) => markArchived(em, id, null),
});

/**
 * Throws `in_use` if instruments that use the definition are bound. Bindings in labs that the caller may not see are only
 * counted.
 */
async function requireUnbound(
  em: EntityManager,
  rules: Rules,
  { actor }: Caller,
  { id, name }: { id: number; name: string },
): Promise<void> {
  const bindings = await bindingsMatching(em, { definition_id: id });
  if (bindings.length === 0) return;
  const seen = bindings.filter(
    ({ lab_id: labId }) => decide(actor, { on: 'instrument', do: 'read', labId }, rules).allowed,
  );
  const hidden = bindings.length - seen.length;
  const named = seen.map(({ instrument, computer_name }) => `${instrument} on ${computer_name}`);
  const others = hidden > 0 ? [`${hidden} in other labs`] : [];
  throw new Problem(
    'in_use',
    `Instruments are bound to ${name}: ${[...named, ...others].join(', ')}. Unbind them, or give them another definition.`,
    seen.map(({ id, instrument, computer_name }) => ({
      path: `computer-bindings/${id}`,
      message: `${instrument} on ${computer_name}`,
    })),
  );
}
