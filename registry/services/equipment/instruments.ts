/** Reads and changes instruments. Each change and its audit entry are written in one transaction. */
import { equipmentSeenBy, viewerOf } from '../../access/decide.ts';
import { notFound, Problem } from '../../errors.ts';
import type {
  Instrument,
  InstrumentChange,
  InstrumentQuery,
  NewInstrument,
} from '../../schemas/equipment.ts';
import { pick } from '../../schemas/pick.ts';
import { bindingsMatching } from '../../store/bindings.ts';
import { definitionsById } from '../../store/definitions.ts';
import type { Instrument as Row } from '../../store/entities/index.ts';
import * as instruments from '../../store/instruments.ts';
import { holdLabStamp, holdStamps } from '../../store/sync.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditChange } from '../audit/entries.ts';
import { authorize, type Caller } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { answerPage, splitPage } from '../pages.ts';
import { labOf, requireLab } from './lab-of.ts';
import { linkOf } from './link.ts';
import { showInstrument, showPlace } from './show.ts';

const FIELDS = instruments.INSTRUMENT_FIELDS;

/** One page of the instruments in the caller's labs. */
export async function listInstruments(deps: PeopleDeps, caller: Caller, query: InstrumentQuery) {
  authorize(caller, { on: 'equipment', do: 'list' }, deps.rules, 'instrument');
  const { labs } = equipmentSeenBy(caller.actor);
  const em = deps.store.em();
  const { page, filters } = splitPage(query);
  const found = await instruments.listInstruments(em, { filters: { ...filters, labs }, ...page });
  return answerPage(page, found, await show(deps, em, caller, found.items));
}

export async function readInstrument(deps: PeopleDeps, caller: Caller, id: number) {
  const em = deps.store.em();
  return await showOne(deps, em, caller, await instrumentOr404(deps, em, caller, id));
}

/** Creates an instrument. `lab_id` can be omitted by a caller who is an admin of exactly one lab. */
export async function createInstrument(deps: PeopleDeps, caller: Caller, body: NewInstrument) {
  return await deps.store.transaction(async (em) => {
    const lab_id = labOf(caller, deps.rules, body.lab_id);
    authorize(caller, { on: 'instrument', do: 'manage', labId: lab_id }, deps.rules, 'lab');
    await requireLab(em, lab_id);
    const row = await insertInstrument(deps, em, caller, { ...body, lab_id });
    await auditInstrument(em, caller, 'created', null, row);
    return await showOne(deps, em, caller, row);
  });
}

/** Creates an instrument in the transaction of the calling code, which must check rights and write the audit entry. */
export async function insertInstrument(
  deps: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  body: NewInstrument & { lab_id: number },
): Promise<Row> {
  const link = await linkOf(deps, em, caller, null, body);
  return await instruments.createInstrument(em, {
    ...pick(body, FIELDS),
    ...link,
  });
}

/** Changes an instrument. Moving it to another lab needs an admin of both labs and an instrument without bindings. */
export async function changeInstrument(
  deps: PeopleDeps,
  caller: Caller,
  id: number,
  body: InstrumentChange,
) {
  return await deps.store.transaction(async (em) => {
    const row = await holdInstrumentOr404(deps, em, caller, id);
    authorize(
      caller,
      { on: 'instrument', do: 'manage', labId: row.lab_id },
      deps.rules,
      'instrument',
    );
    const before = recordOf(row);
    const labId = body.lab_id ?? row.lab_id;
    if (labId !== row.lab_id) {
      authorize(caller, { on: 'instrument', do: 'manage', labId }, deps.rules, 'lab');
      await requireLab(em, labId);
      await requireUnbound(em, row);
    }
    const link = await linkOf(deps, em, caller, row, { ...body, lab_id: labId });
    const changes = { ...pick(body, FIELDS), ...link, lab_id: labId };
    const changed = await instruments.updateInstrument(em, row, changes);
    await auditInstrument(em, caller, 'changed', before, changed);
    return await showOne(deps, em, caller, changed);
  });
}

/** Deletes an instrument and its bindings. The audit entry lists the bindings. */
export async function removeInstrument(deps: PeopleDeps, caller: Caller, id: number) {
  await deps.store.transaction(async (em) => {
    const row = await holdInstrumentOr404(deps, em, caller, id);
    authorize(
      caller,
      { on: 'instrument', do: 'manage', labId: row.lab_id },
      deps.rules,
      'instrument',
    );
    const bound = await bindingsMatching(em, { instrument_id: id });
    await holdLabStamp(em, row.lab_id);
    await holdStamps(
      em,
      bound.map(({ computer }) => computer),
    );
    await instruments.deleteInstrument(em, id);
    const before = { ...recordOf(row), bindings: bound.map(showPlace) };
    await auditChange(
      em,
      caller,
      'instrument.deleted',
      'instrument',
      row,
      row.lab_id,
      before,
      null,
    );
  });
}

/** Loads an instrument. Throws `not_found` if it does not exist or if the caller may not see it. */
export async function instrumentOr404(
  { rules }: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  id: number,
  findOne = instruments.findInstrument,
): Promise<Row> {
  authorize(caller, { on: 'equipment', do: 'list' }, rules, 'instrument');
  const row = await findOne(em, id);
  if (!row) throw notFound('instrument');
  authorize(caller, { on: 'instrument', do: 'read', labId: row.lab_id }, rules, 'instrument');
  return row;
}

/** Like `instrumentOr404`, but locks the instrument until the transaction ends. */
export const holdInstrumentOr404 = (
  deps: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  id: number,
): Promise<Row> => instrumentOr404(deps, em, caller, id, instruments.holdInstrument);

async function requireUnbound(em: EntityManager, { id, name }: Row): Promise<void> {
  const bound = await bindingsMatching(em, { instrument_id: id });
  if (bound.length === 0) return;
  const where = bound.map(({ computer_name }) => computer_name).join(', ');
  throw new Problem('in_use', `${name} is bound to ${where}. Unbind it before you move it.`);
}

async function showOne(deps: PeopleDeps, em: EntityManager, caller: Caller, row: Row) {
  const [shown] = await show(deps, em, caller, [row]);
  return shown as NonNullable<typeof shown>;
}

/** Shows instruments with their definitions and bindings. One query loads all definitions, and one all bindings. */
async function show(
  { rules }: PeopleDeps,
  em: EntityManager,
  { actor }: Caller,
  rows: readonly Row[],
): Promise<Instrument[]> {
  const linked = rows.flatMap(({ definition_id }) => definition_id ?? []);
  const definitions = await definitionsById(em, linked, viewerOf(actor, rules));
  const { computer } = equipmentSeenBy(actor);
  const bound = await bindingsMatching(em, { instrument_ids: rows.map(({ id }) => id), computer });
  return rows.map((row) => ({
    ...showInstrument(row, definitions.get(row.definition_id ?? 0)),
    bindings: bound.filter(({ instrument_id }) => instrument_id === row.id).map(showPlace),
  }));
}

function recordOf(row: Row) {
  const { definition, created_at, updated_at, ...written } = showInstrument(row, undefined);
  return written;
}

export async function auditInstrument(
  em: EntityManager,
  caller: Caller,
  what: 'created' | 'changed',
  before: object | null,
  row: Row,
) {
  const { lab_id } = row;
  await auditChange(
    em,
    caller,
    `instrument.${what}`,
    'instrument',
    row,
    lab_id,
    before,
    recordOf(row),
  );
}
