/** Reads and creates bindings for PyBirch on a lab computer. */
import { viewerOf } from '../../access/decide.ts';
import { notFound } from '../../errors.ts';
import type { PageOf } from '../../schemas/common.ts';
import type { Binding, FoundBinding, NewInstrumentHere } from '../../schemas/equipment.ts';
import { bindingByKey, listBindings } from '../../store/bindings.ts';
import { findComputerNamed } from '../../store/computers.ts';
import type { Computer, Instrument } from '../../store/entities/index.ts';
import { StoreError } from '../../store/errors.ts';
import { usernamesOf } from '../../store/indexing.ts';
import { instrumentsById } from '../../store/instruments.ts';
import type { EntityManager } from '../../store/types.ts';
import { authorize, type Caller } from '../caller.ts';
import { mainFile, textOf } from '../content/files.ts';
import { contentAt } from '../content/version-content.ts';
import { type ReadDeps, summaryOf } from '../definitions/read-definitions.ts';
import type { PeopleDeps } from '../deps.ts';
import { answerPage, splitPage } from '../pages.ts';
import { labOr404 } from '../people/labs.ts';
import { type Entry, writeBinding } from './bindings.ts';
import { chooseVersions, type Effective } from './effective.ts';
import { auditInstrument, holdInstrumentOr404, insertInstrument } from './instruments.ts';
import { showBinding, showInstrument } from './show.ts';

/**
 * The bindings of a computer, each with its instrument and the definition at the effective version. The effective
 * version is the pinned version or, without a pin, the newest version that is not revoked.
 */
export async function findBindings(deps: ReadDeps, caller: Caller, name: string, query: PageOf) {
  const em = deps.store.em();
  const computer = await computerOr404(deps, em, caller, name, 'read');
  const filters = { computer: computer.id };
  const { page } = splitPage(query);
  const bound = await listBindings(em, { filters, ...page });
  const instruments = await instrumentsById(
    em,
    bound.items.map(({ instrument_id }) => instrument_id),
  );
  const viewer = viewerOf(caller.actor, deps.rules);
  const lab = await labOr404(em, computer.lab_id);
  const chosen = await chooseVersions(em, viewer, lab, [...instruments.values()]);
  const found = [...chosen.values()].flatMap(({ gets }) => gets ?? []);
  const names = await usernamesOf(
    em,
    found.map(({ definition }) => definition.created_by),
  );
  const shown = await Promise.all(
    bound.items.map(async (row): Promise<FoundBinding> => {
      const instrument = instruments.get(row.instrument_id) as Instrument;
      const gets = chosen.get(instrument)?.gets;
      const definition = gets ? await showDefinition(deps, gets, names) : null;
      const about = showInstrument(instrument, gets?.definition);
      return { ...showBinding(row), instrument: { ...about, definition } };
    }),
  );
  return answerPage(page, bound, shown);
}

async function showDefinition(
  deps: ReadDeps,
  { definition, version }: Effective,
  usernames: ReadonlyMap<number, string>,
) {
  const { described } = await contentAt(deps, definition.name, version);
  const repository = await deps.repositories.open(definition.name);
  const source = await repository.readFile(version.commit, mainFile(definition.name));
  return {
    ...summaryOf(deps, definition, usernames, version),
    ...described,
    version: version.version,
    head: version.commit,
    source_code: source === undefined ? '' : textOf(source),
  };
}

/**
 * Creates an instrument in the computer's lab and binds it to the computer. A second call with the same key changes the
 * same binding, even if both calls run at the same time.
 */
export async function bindNew(
  deps: PeopleDeps,
  caller: Caller,
  name: string,
  body: NewInstrumentHere,
): Promise<{ binding: Binding; created: boolean }> {
  const bind = () => deps.store.transaction((em) => bindByKey(deps, em, caller, name, body));
  return await bind().catch((error) => {
    if (error instanceof StoreError && error.constraint === 'computer_bindings_computer_key_key')
      return bind();
    throw error;
  });
}

async function bindByKey(
  deps: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  name: string,
  { name: title, pybirch_class, definition_id, ...body }: NewInstrumentHere,
) {
  const computer = await computerOr404(deps, em, caller, name, 'bind');
  const known = await bindingByKey(em, computer.id, body.key);
  const write = (instrument: Instrument, ...entries: Entry[]) =>
    writeBinding(deps, em, caller, instrument, computer.computer_name, body, entries);
  if (known) return await write(await holdInstrumentOr404(deps, em, caller, known.instrument_id));
  const made = await insertInstrument(deps, em, caller, {
    name: title,
    lab_id: computer.lab_id,
    ...(pybirch_class !== undefined && { pybirch_class }),
    ...(definition_id !== undefined && { definition_id }),
  });
  return await write(made, () => auditInstrument(em, caller, 'created', null, made));
}

async function computerOr404(
  { rules }: PeopleDeps,
  em: EntityManager,
  caller: Caller,
  name: string,
  verb: 'read' | 'bind',
): Promise<Computer> {
  authorize(caller, { on: 'equipment', do: 'list' }, rules, 'computer');
  const row = await findComputerNamed(em, name, verb === 'bind' ? 'as it is' : undefined);
  if (!row) throw notFound('computer');
  const { id, lab_id: labId } = row;
  authorize(caller, { on: 'computer', do: verb, labId, id }, rules, 'computer');
  return row;
}
