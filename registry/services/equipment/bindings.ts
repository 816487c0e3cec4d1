/** Reads and changes the bindings of instruments to computers. Lab admins and the computer itself may change bindings. */
import { equipmentSeenBy, viewerOf } from '../../access/decide.ts';
import { notFound, Problem } from '../../errors.ts';
import type { Binding, BindingChange, BindingQuery, NewBinding } from '../../schemas/equipment.ts';
import { pick } from '../../schemas/pick.ts';
import { parseTime } from '../../schemas/time.ts';
import * as bindings from '../../store/bindings.ts';
import { findComputerNamed } from '../../store/computers.ts';
import { definitionsById, everything } from '../../store/definitions.ts';
import type { Computer, Instrument } from '../../store/entities/index.ts';
import { lockDefinition } from '../../store/indexing.ts';
import { instrumentsById } from '../../store/instruments.ts';
import { holdStamps } from '../../store/sync.ts';
import type { EntityManager } from '../../store/types.ts';
import { auditChange } from '../audit/entries.ts';
import { authorize, type Caller } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { answerPage, splitPage } from '../pages.ts';
import { auditComputer, insertComputer, nameTaken } from './computers.ts';
import { holdInstrumentOr404, instrumentOr404 } from './instruments.ts';
import { recordOfBinding, showBinding, showInstrument } from './show.ts';

/** One page of the bindings in the caller's labs. A computer gets only its own bindings. */
export async function listBindings(deps: PeopleDeps, caller: Caller, query: BindingQuery) {
  authorize(caller, { on: 'equipment', do: 'list' }, deps.rules, 'binding');
  const em = deps.store.em();
  const { page, filters } = splitPage(query);
  const found = await bindings.listBindings(em, {
    filters: { ...filters, ...equipmentSeenBy(caller.actor) },
    ...page,
  });
  return answerPage(page, found, await show(deps, em, caller, found.items));
}

export async function readBinding(deps: PeopleDeps, caller: Caller, id: number) {
  const em = deps.store.em();
  return await showOne(deps, em, caller, await bindingOr404(deps, em, caller, id));
}

/** Binds an instrument to a computer. Throws `conflict` if the instrument is already bound to this computer. */
export async function createBinding(deps: PeopleDeps, caller: Caller, body: NewBinding) {
  return await deps.store.transaction(async (em) => {
    const instrument = await holdInstrumentOr404(deps, em, caller, body.instrument_id);
    const { name } = instrument;
    const made = await writeBinding(deps, em, caller, instrument, body.computer_name, body);
    if (made.created) return made.binding;
    throw new Problem(
      'conflict',
      `${name} is already bound to ${body.computer_name}. Change that binding with PUT.`,
    );
  });
}

/** Creates or updates the binding of an instrument to a computer. */
export async function putBinding(
  deps: PeopleDeps,
  caller: Caller,
  { id, computer_name }: { id: number; computer_name: string },
  body: BindingChange,
) {
  return await deps.store.transaction(async (em) => {
    const instrument = await holdInstrumentOr404(deps, em, caller, id);
    return await writeBinding(deps, em, caller, instrument, computer_name, body);
  });
}

export async function changeBinding(
  deps: PeopleDeps,
  caller: Caller,
  id: number,
  body: BindingChange,
) {
  return await deps.store.transaction(async (em) => {
    const { instrument_id, computer_name } = await bindingOr404(deps, em, caller, id);
    const instrument = await holdInstrumentOr404(deps, em, caller, instrument_id);
    const { binding } = await writeBinding(deps, em, caller, instrument, computer_name, body);
    return binding;
  });
}

export async function removeBinding(deps: PeopleDeps, caller: Caller, id: number) {
  await deps.store.transaction(async (em) => {
    const row = await bindingOr404(deps, em, caller, id);
    const { lab_id: labId, computer } = row;
    authorize(caller, { on: 'computer', do: 'bind', labId, id: computer }, deps.rules, 'binding');
    const instrument = await instrumentOr404(deps, em, caller, row.instrument_id);
    await bindings.deleteBinding(em, id);
    await auditBinding(em, caller, 'deleted', instrument, row, recordOfBinding(row), null);
  });
}

/** Appends an audit entry. Called after all rows are written. */
export type Entry = () => Promise<void>;

/**
 * Creates or updates a binding in the transaction of the calling code. The transaction must have locked the instrument,
 * so that only one of its bindings is primary. `entries` come first in the audit trail. Throws `name_taken` if another
 * lab has a computer of this name.
 */
export async function writeBinding(
  deps: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  instrument: Instrument,
  computerName: string,
  body: BindingChange & { key?: string },
  entries: readonly Entry[] = [],
): Promise<{ binding: Binding; created: boolean }> {
  const computer = await computerFor(deps, em, caller, instrument.lab_id, computerName);
  const all = await bindings.bindingsMatching(em, { instrument_id: instrument.id });
  const known = all.find((row) => row.computer === computer.row.id);
  const primary = all.find((row) => row.is_primary);
  if (!known) await requireOffered(em, instrument);
  const isPrimary = body.is_primary ?? known?.is_primary ?? primary === undefined;
  const demoted = isPrimary && primary !== known ? primary : undefined;
  if (demoted) {
    await holdStamps(em, [demoted.computer, computer.row.id]);
    await bindings.updateBinding(em, demoted.id, { is_primary: false });
  }
  const fields = {
    ...pick(body, ['computer_id', 'username', 'adapter', 'adapter_type', 'key']),
    ...(body.last_settings && { last_settings: body.last_settings }),
    ...lastConnected(body),
    is_primary: isPrimary,
  };
  const at = { instrument_id: instrument.id, computer: computer.row.id };
  const id = known?.id ?? (await bindings.createBinding(em, { ...at, ...fields }));
  if (known) await bindings.updateBinding(em, id, fields);
  const after = await bindings.findBinding(em, id);
  if (!after) throw new Error('a binding that was just written is not there');

  for (const append of [...entries, ...computer.entries]) await append();
  if (demoted) {
    const [before, now] = [demoted, { ...demoted, is_primary: false }].map(recordOfBinding);
    await auditBinding(em, caller, 'changed', instrument, demoted, before ?? null, now ?? null);
  }
  const before = known ? recordOfBinding(known) : null;
  const what = known ? 'changed' : 'created';
  await auditBinding(em, caller, what, instrument, after, before, recordOfBinding(after));
  return { binding: await showOne(deps, em, caller, after), created: !known };
}

/**
 * Throws `conflict` if the instrument's definition is archived. The definition is locked, so nobody can archive it before
 * the new binding is written. Afterwards the new binding prevents archiving.
 */
async function requireOffered(em: EntityManager, { name, definition_id }: Instrument) {
  if (definition_id === null) return;
  await lockDefinition(em, definition_id);
  const found = (await definitionsById(em, [definition_id], everything)).get(definition_id);
  if (!found?.archived_at) return;
  throw new Problem(
    'conflict',
    `${found.name}, the definition of ${name}, is archived. Unarchive it, or give the instrument another definition.`,
  );
}

/**
 * The time of the last connection, if the request contains one. The request may contain an address without a
 * connection. A time in the future is replaced by the current time.
 */
function lastConnected({ last_connected }: BindingChange) {
  if (last_connected === undefined) return {};
  if (last_connected === null) return { last_connected };
  return { last_connected: new Date(Math.min(Number(parseTime(last_connected)), Date.now())) };
}

/**
 * Finds the lab's computer of this name. A missing computer is created, so that lab admins can bind instruments to a
 * computer before it is enrolled.
 */
async function computerFor(
  { rules }: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  labId: number,
  name: string,
): Promise<{ row: Computer; entries: Entry[] }> {
  const found = await findComputerNamed(em, name, 'as it is');
  const at = found?.lab_id === labId ? found : undefined;
  const id = at?.id ?? null;
  authorize(caller, { on: 'computer', do: 'bind', labId, id }, rules, 'computer');
  if (at) return { row: at, entries: [] };
  if (found) throw nameTaken(name);
  const row = await insertComputer(em, { lab_id: labId, computer_name: name });
  return { row, entries: [() => auditComputer(em, caller, 'created', null, row)] };
}

async function bindingOr404(
  { rules }: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  id: number,
): Promise<bindings.BindingRow> {
  authorize(caller, { on: 'equipment', do: 'list' }, rules, 'binding');
  const row = await bindings.findBinding(em, id);
  if (!row) throw notFound('binding');
  const { lab_id: labId, computer } = row;
  authorize(caller, { on: 'computer', do: 'read', labId, id: computer }, rules, 'binding');
  return row;
}

async function showOne(
  deps: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  row: bindings.BindingRow,
): Promise<Binding> {
  const [shown] = await show(deps, em, caller, [row]);
  return shown as Binding;
}

/** Shows bindings with their instruments and definitions. One query loads all instruments, and one all definitions. */
async function show(
  { rules }: PeopleDeps,
  em: EntityManager,
  { actor }: Caller,
  rows: readonly bindings.BindingRow[],
): Promise<Binding[]> {
  const instruments = await instrumentsById(
    em,
    rows.map(({ instrument_id }) => instrument_id),
  );
  const linked = [...instruments.values()].flatMap(({ definition_id }) => definition_id ?? []);
  const definitions = await definitionsById(em, linked, viewerOf(actor, rules));
  return rows.map((row) => {
    const instrument = instruments.get(row.instrument_id) as Instrument;
    const definition = definitions.get(instrument.definition_id ?? 0);
    return { ...showBinding(row), instrument: showInstrument(instrument, definition) };
  });
}

async function auditBinding(
  em: EntityManager,
  caller: Caller,
  what: 'created' | 'changed' | 'deleted',
  { name }: Instrument,
  { id, computer_name, lab_id }: bindings.BindingRow,
  before: object | null,
  after: object | null,
): Promise<void> {
  const about = { id, name: `${name} on ${computer_name}` };
  await auditChange(em, caller, `binding.${what}`, 'binding', about, lab_id, before, after);
}
