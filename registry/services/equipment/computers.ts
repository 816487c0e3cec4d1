/** Reads and changes lab computers. Each change and its audit entry are written in one transaction. */
import { misleadingSpelling } from '../../../text/alike.ts';
import { equipmentSeenBy } from '../../access/decide.ts';
import { notFound, Problem } from '../../errors.ts';
import { ComputerChange, type ComputerQuery, type NewComputer } from '../../schemas/equipment.ts';
import { fieldsBut, pick } from '../../schemas/pick.ts';
import { bindingsMatching } from '../../store/bindings.ts';
import * as computers from '../../store/computers.ts';
import type { Computer as Row } from '../../store/entities/index.ts';
import { StoreError } from '../../store/errors.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditChange } from '../audit/entries.ts';
import { authorize, type Caller } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { answerPage, splitPage } from '../pages.ts';
import { labOf, requireLab } from './lab-of.ts';
import { recordOfBinding, recordOfComputer, showComputer } from './show.ts';

const FIELDS = fieldsBut(ComputerChange, 'lab_id', 'computer_name', 'is_bench');

/** One page of the computers in the caller's labs. A computer gets only itself. */
export async function listComputers(
  { store, rules }: PeopleDeps,
  caller: Caller,
  query: ComputerQuery,
) {
  authorize(caller, { on: 'equipment', do: 'list' }, rules, 'computer');
  const { labs, computer } = equipmentSeenBy(caller.actor);
  const { page, filters } = splitPage(query);
  const found = await computers.listComputers(store.em(), {
    filters: { ...filters, labs, id: computer },
    ...page,
  });
  return answerPage(page, found, found.items.map(showComputer));
}

export async function readComputer(deps: PeopleDeps, caller: Caller, idOrName: string) {
  return showComputer(await computerOr404(deps, deps.store.em(), caller, idOrName));
}

/** Creates a computer that is not enrolled yet. A later enrolment under the same name takes over this row. */
export async function createComputer(deps: PeopleDeps, caller: Caller, body: NewComputer) {
  const { store, rules } = deps;
  return await store.transaction(async (em) => {
    const labId = labOf(caller, rules, body.lab_id);
    authorize(caller, { on: 'computer', do: 'manage', labId, id: null }, rules, 'lab');
    await requireLab(em, labId);
    const { computer_name } = body;
    const fields = { ...pick(body, FIELDS), lab_id: labId, computer_name };
    const row = await insertComputer(em, fields);
    await auditComputer(em, caller, 'created', null, row);
    return showComputer(row);
  });
}

type Fields = Parameters<typeof computers.createComputer>[1];

/**
 * Creates a computer in the transaction of the calling code, which must also write the audit entry. Throws `name_taken`,
 * `invalid`.
 */
export async function insertComputer(em: EntityManager, fields: Fields): Promise<Row> {
  const why = /^\d+$/.test(fields.computer_name)
    ? 'consists of digits alone, so it would be read as an id'
    : misleadingSpelling(fields.computer_name);
  if (why !== null) {
    throw new Problem('invalid', `The computer's name ${why}.`, [
      { path: 'computer_name', message: why },
    ]);
  }
  return await computers.createComputer(em, fields).catch((error) => {
    if (!(error instanceof StoreError) || error.code !== 'unique_violation') throw error;
    throw nameTaken(fields.computer_name, { cause: error });
  });
}

/** Writes the audit entry for a change of a computer. `before` is null for a new computer. */
export async function auditComputer(
  em: EntityManager,
  caller: Caller,
  what: 'created' | 'enrolled' | 'changed',
  before: object | null,
  row: Row,
  more: object = {},
): Promise<void> {
  const after = { ...recordOfComputer(row), ...more };
  await auditChange(em, caller, `computer.${what}`, ...subject(row), before, after);
}

export const nameTaken = (name: string, options?: ErrorOptions): Problem =>
  new Problem(
    'name_taken',
    `There is already a computer named ${name} (case is ignored).`,
    [{ path: 'computer_name', message: 'is taken' }],
    options,
  );

/**
 * Changes a computer. Moving it to another lab needs an admin of both labs and a computer without bindings, and ends its
 * right to test. A computer that loses this right keeps no result that counts.
 */
export async function changeComputer(
  deps: PeopleDeps,
  caller: Caller,
  idOrName: string,
  body: ComputerChange,
) {
  const { store, rules } = deps;
  return await store.transaction(async (em) => {
    const row = await computerOr404(deps, em, caller, idOrName, 'to change');
    const { id } = row;
    const manage = (labId: number) =>
      authorize(caller, { on: 'computer', do: 'manage', labId, id }, rules, 'computer');
    manage(row.lab_id);
    const { computer_name, lab_id = row.lab_id } = body;
    if (computer_name !== undefined && computer_name !== row.computer_name) {
      throw new Problem(
        'invalid',
        'A computer cannot be renamed. Enrol the computer under the new name.',
        [{ path: 'computer_name', message: 'cannot be changed' }],
      );
    }
    if (lab_id !== row.lab_id) {
      manage(lab_id);
      await requireLab(em, lab_id);
      await requireNothingBound(em, row);
    }
    const is_bench = lab_id === row.lab_id && (body.is_bench ?? row.is_bench);
    if (body.is_bench) requireEnrolled(row, lab_id);
    if (row.is_bench && !is_bench) await computers.detachResults(em, id);
    const before = recordOfComputer(row);
    const changes = { ...pick(body, FIELDS), lab_id, is_bench };
    const changed = await computers.updateComputer(em, row, changes);
    await auditComputer(em, caller, 'changed', before, changed);
    return showComputer(changed);
  });
}

/** Deletes a computer and its bindings, and revokes its token at once. The audit entry lists the bindings. */
export async function removeComputer(deps: PeopleDeps, caller: Caller, idOrName: string) {
  const { store, rules } = deps;
  await store.transaction(async (em) => {
    const row = await computerOr404(deps, em, caller, idOrName, 'to change');
    const { id } = row;
    authorize(caller, { on: 'computer', do: 'manage', labId: row.lab_id, id }, rules, 'computer');
    const bindings = (await bindingsMatching(em, { computer: id })).map(recordOfBinding);
    await computers.deleteComputer(em, id);
    const before = { ...recordOfComputer(row), bindings };
    await auditChange(em, caller, 'computer.deleted', ...subject(row), before, null);
  });
}

/** The subject and lab of a computer's audit entry. */
const subject = ({ id, computer_name: name, lab_id }: Row) =>
  ['computer', { id, name }, lab_id] as const;

/** Finds a computer by its id, if the text has digits only, and otherwise by its name. */
async function computerOr404(
  { rules }: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  idOrName: string,
  hold?: 'to change',
): Promise<Row> {
  authorize(caller, { on: 'equipment', do: 'list' }, rules, 'computer');
  const row = /^\d+$/.test(idOrName)
    ? await computers.findComputer(em, Number(idOrName), hold)
    : await computers.findComputerNamed(em, idOrName, hold);
  if (!row) throw notFound('computer');
  const { id, lab_id: labId } = row;
  authorize(caller, { on: 'computer', do: 'read', labId, id }, rules, 'computer');
  return row;
}

/**
 * Throws `conflict` for a computer that cannot become a bench computer now. Before the enrolment, nobody knows which
 * machine will get the token: whoever has a code could enrol under this name.
 */
function requireEnrolled({ computer_name, token_hash, lab_id }: Row, newLab: number): void {
  if (lab_id !== newLab)
    throw new Problem('conflict', 'Move the computer first, then make it a bench computer.');
  if (token_hash === null)
    throw new Problem('conflict', `Enrol ${computer_name} first, then make it a bench computer.`);
}

async function requireNothingBound(em: EntityManager, { id, computer_name }: Row): Promise<void> {
  const bound = await bindingsMatching(em, { computer: id });
  if (bound.length === 0) return;
  throw new Problem(
    'in_use',
    `${bound.length} instruments are bound to ${computer_name}. Unbind them before you move the computer.`,
  );
}
