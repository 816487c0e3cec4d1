/** Reads and changes labs and their policies. Each change and its audit entry are written in one transaction. */

import { labsSeenBy, type Rules } from '../../access/decide.ts';
import { BENCH, isTests, TESTS } from '../../access/review/benches.ts';
import { isOwnCheck } from '../../access/review/own-checks.ts';
import { notFound, Problem } from '../../errors.ts';
import type { PageOf } from '../../schemas/common.ts';
import { Lab, type LabChange, type NewLab } from '../../schemas/people.ts';
import { fieldsBut, show } from '../../schemas/pick.ts';
import type { Lab as LabRow } from '../../store/entities/index.ts';
import { StoreError } from '../../store/errors.ts';
import { pinForeign } from '../../store/instruments.ts';
import * as labs from '../../store/labs.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditChange } from '../audit/entries.ts';
import { authorize, type Caller } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { importPolicyOf } from '../lab-policy.ts';
import { answerPage, splitPage } from '../pages.ts';
import { throwIfTaken } from './unique.ts';
import { visibleAccounts } from './visible-accounts.ts';

export async function listLabs({ store, rules }: PeopleDeps, caller: Caller, query: PageOf) {
  authorize(caller, { on: 'site', do: 'sign-in' }, rules, 'lab');
  const ids = labsSeenBy(caller.actor);
  const { page } = splitPage(query);
  const found = await labs.listLabs(store.em(), { ids, ...page });
  return answerPage(page, found, found.items.map(showLab));
}

export async function readLab({ store, rules }: PeopleDeps, caller: Caller, id: number) {
  authorize(caller, { on: 'lab', do: 'read', labId: id }, rules, 'lab');
  return showLab(await labOr404(store.em(), id));
}

export async function createLab(
  { store, rules }: PeopleDeps,
  caller: Caller,
  fields: NewLab,
): Promise<Lab> {
  authorize(caller, { on: 'site', do: 'manage' }, rules, 'lab');
  return await store.transaction(async (em) => {
    await requireKnownPeople(em, caller, rules, fields);
    const lab = await labs.createLab(em, fields).catch((error) => throwIfTaken(error, 'code'));
    await auditChange(em, caller, 'lab.created', 'lab', lab, lab.id, null, showLab(lab));
    return showLab(lab);
  });
}

export async function changeLab(
  { store, rules }: PeopleDeps,
  caller: Caller,
  id: number,
  changes: LabChange,
): Promise<Lab> {
  authorize(caller, { on: 'lab', do: 'manage', labId: id }, rules, 'lab');
  if (changes.disabled !== undefined) authorize(caller, { on: 'site', do: 'manage' }, rules, 'lab');
  return await store.transaction(async (em) => {
    const row = await labOr404(em, id);
    const before = showLab(row);
    await requireKnownPeople(em, caller, rules, changes, namedIn(row));
    const lab = await labs.updateLab(em, id, changes).catch((error) => throwIfTaken(error, 'code'));
    if (!lab) throw notFound('lab');
    const isPinning = lab.public_definitions === 'pin' && before.public_definitions !== 'pin';
    const pinned = isPinning ? await pinForeign(em, id) : [];
    const after = { ...showLab(lab), ...(pinned.length > 0 && { pinned }) };
    await auditChange(em, caller, 'lab.changed', 'lab', lab, id, before, after);
    return showLab(lab);
  });
}

/** Deletes a lab. Throws `in_use` if the lab has definitions, instruments or computers. */
export async function removeLab(
  { store, rules }: PeopleDeps,
  caller: Caller,
  id: number,
): Promise<void> {
  authorize(caller, { on: 'site', do: 'manage' }, rules, 'lab');
  await store.transaction(async (em) => {
    const lab = await labOr404(em, id);
    await labs.deleteLab(em, id).catch((error) => {
      if (!(error instanceof StoreError) || error.code !== 'foreign_key_violation') throw error;
      throw new Problem(
        'in_use',
        'The lab has definitions, instruments or computers: move them to another lab first.',
        undefined,
        { cause: error },
      );
    });
    await auditChange(em, caller, 'lab.deleted', 'lab', lab, id, showLab(lab), null);
  });
}

const namedIn = ({
  owners = [],
  required_checks = {},
  bench_authors,
}: Pick<LabChange, 'owners' | 'required_checks' | 'bench_authors'>): number[] => [
  ...owners.flatMap(({ users }) => users),
  ...Object.values(required_checks).filter((account) => account !== BENCH),
  ...(bench_authors ?? []),
];

/**
 * Checks the people and the required checks of a policy. A policy may name only accounts that the caller sees or that it
 * already named. Each owner rule needs a criterion. A policy cannot require an account to post a check that the registry
 * itself makes, and only bench computers post the check `tests`. Throws `invalid`.
 */
async function requireKnownPeople(
  em: EntityManager,
  caller: Caller,
  rules: Rules,
  changes: LabChange,
  namedBefore: readonly number[] = [],
) {
  const { owners = [], required_checks = {} } = changes;
  const vague = owners.findIndex((rule) => Object.keys(rule).length < 2);
  if (vague >= 0) {
    const message = 'needs a pattern, a category or a manufacturer';
    throw new Problem('invalid', `owners.${vague} ${message}`, [
      { path: `owners.${vague}`, message },
    ]);
  }
  const wrong = wrongCheck(required_checks);
  if (wrong !== undefined) {
    throw new Problem('invalid', `required_checks: ${wrong}`, [
      { path: 'required_checks', message: wrong },
    ]);
  }
  const named = namedIn(changes).filter((id) => !namedBefore.includes(id));
  const known = await visibleAccounts(em, caller, rules, named);
  const unknown = named.find((id) => !known.has(id));
  if (unknown === undefined) return;
  const path = Object.values(required_checks).includes(unknown)
    ? 'required_checks'
    : changes.bench_authors?.includes(unknown)
      ? 'bench_authors'
      : 'owners';
  const message = `account ${unknown} does not exist, or you cannot see it. Add it to the lab first`;
  throw new Problem('invalid', `${path}: ${message}`, [{ path, message }]);
}

/** What is wrong with the required checks of a policy; undefined if nothing is. */
function wrongCheck(required: NonNullable<LabChange['required_checks']>): string | undefined {
  for (const [name, account] of Object.entries(required)) {
    if (isOwnCheck(name))
      return `${name} is, or looks like, the name of a check that the registry runs itself. Choose another name`;
    if (account === BENCH && name !== TESTS)
      return `only the check ${TESTS} can be ${BENCH}, because bench computers post no other check`;
    if (account !== BENCH && isTests(name))
      return `${name} is, or looks like, the check of bench computers. Require it of ${BENCH}, or choose another name`;
  }
  return undefined;
}

function showLab(lab: LabRow): Lab {
  const policy = importPolicyOf(lab);
  return {
    ...show(lab, fieldsBut(Lab, 'banned_imports', 'allowed_imports')),
    banned_imports: policy.banned,
    allowed_imports: policy.allowed,
  };
}

export async function labOr404(em: EntityManager, id: number): Promise<LabRow> {
  const lab = await labs.findLab(em, id);
  if (!lab) throw notFound('lab');
  return lab;
}
