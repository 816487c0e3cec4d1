/** Reads and writes instruments of labs. */
import { LockMode, raw } from '@mikro-orm/core';
import { InstrumentChange } from '../schemas/equipment.ts';
import { fieldsOf, pick } from '../schemas/pick.ts';
import { emptyRow, writtenColumns } from './columns.ts';
import type { Key } from './cursor.ts';
import { Instrument, type InstrumentStatus } from './entities/index.ts';
import { listEntities } from './paging.ts';
import { containing } from './search.ts';
import { holdStamps } from './sync.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** The columns that a request may set. */
export const INSTRUMENT_FIELDS = writtenColumns(Instrument, fieldsOf(InstrumentChange), [
  'id',
  'created_at',
  'updated_at',
]);
export type InstrumentFields = Pick<Instrument, (typeof INSTRUMENT_FIELDS)[number]>;

export interface InstrumentFilters {
  /** Finds only instruments of these labs. */
  labs?: number[] | undefined;
  lab_id?: number | undefined;
  definition_id?: number | undefined;
  status?: InstrumentStatus | undefined;
  instrument_type?: string | undefined;
  /** Finds only instruments with a binding to the computer with this name (case-insensitive). */
  computer_name?: string | undefined;
  /** A part of the name, class, manufacturer, model, serial number or location (case-insensitive). */
  q?: string | undefined;
}

const SEARCHED = [
  'name',
  'pybirch_class',
  'manufacturer',
  'model',
  'serial_number',
  'location',
] as const;

const BY_NAME: Key[] = [
  { column: 'name', kind: 'text' },
  { column: 'id', kind: 'number' },
];

/** A page of instruments, ordered by name. */
export async function listInstruments(
  em: EntityManager,
  { filters = {}, ...page }: Page & { filters?: InstrumentFilters },
): Promise<Listed<Instrument>> {
  const { labs, q, computer_name, ...equal } = filters;
  const pattern = containing(q ?? '');
  const stated = Object.entries(equal).filter(([, value]) => value !== undefined);
  const conditions: object[] = stated.map(([field, value]) => ({ [field]: value }));
  if (labs) conditions.push({ lab_id: { $in: labs } });
  if (q) conditions.push({ $or: SEARCHED.map((field) => ({ [field]: { $ilike: pattern } })) });
  if (computer_name !== undefined) conditions.push(boundTo(computer_name));
  return await listEntities(em, Instrument, { $and: conditions }, BY_NAME, page);
}

const boundTo = (computer: string) => ({
  [raw(
    (alias) => `${alias}.id in (select b.instrument_id from computer_bindings b
       join computers c on c.id = b.computer where lower(c.computer_name) = lower(?))`,
    [computer],
  )]: [],
});

export async function findInstrument(em: EntityManager, id: number): Promise<Instrument | null> {
  return em.findOne(Instrument, { id });
}

/** Locks an instrument until the transaction ends, so that only one writer at a time changes it and its bindings. */
export async function holdInstrument(em: EntityManager, id: number): Promise<Instrument | null> {
  return em.findOne(Instrument, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
}

/** Throws `foreign_key_violation` if the lab or the definition does not exist. */
export async function createInstrument(
  em: EntityManager,
  fields: Pick<InstrumentFields, 'lab_id' | 'name'> & Partial<InstrumentFields>,
): Promise<Instrument> {
  const instrument = em.create(Instrument, {
    ...emptyRow(em, Instrument),
    ...pick(fields, INSTRUMENT_FIELDS),
  });
  await em.persist(instrument).flush();
  return instrument;
}

export async function updateInstrument(
  em: EntityManager,
  instrument: Instrument,
  changes: Partial<InstrumentFields>,
): Promise<Instrument> {
  const written = { ...pick(changes, INSTRUMENT_FIELDS), updated_at: new Date() };
  em.assign(instrument, written, { mergeObjectProperties: false });
  await em.flush();
  return instrument;
}

/** Deletes an instrument and its bindings. */
export async function deleteInstrument(em: EntityManager, id: number): Promise<void> {
  await em.nativeDelete(Instrument, { id });
}

/** The instruments of a lab except retired ones, ordered by name. */
export async function instrumentsInService(
  em: EntityManager,
  labId: number,
): Promise<Instrument[]> {
  const filter = { lab_id: labId, status: { $ne: 'retired' as const } };
  return em.find(Instrument, filter, { orderBy: { name: 'asc', id: 'asc' } });
}

/** The instruments with these ids. */
export async function instrumentsById(
  em: EntityManager,
  ids: readonly number[],
): Promise<Map<number, Instrument>> {
  if (ids.length === 0) return new Map();
  const found = await em.find(Instrument, { id: { $in: [...new Set(ids)] } });
  return new Map(found.map((instrument) => [instrument.id, instrument]));
}

/**
 * Pins the instruments of a lab that use another lab's definition. Each is pinned to the newest version that is not
 * revoked, which its computers already have. Returns the pinned instruments and versions.
 */
export async function pinForeign(
  em: EntityManager,
  labId: number,
): Promise<{ instrument_id: number; pinned_version: number }[]> {
  const { instruments, computers } = await pinnableOf(em, labId);
  await holdStamps(em, computers);
  return await pinUnpinned(em, instruments);
}

/** The unpinned instruments of a lab that use another lab's definition, and the computers to which they are bound. */
async function pinnableOf(
  em: EntityManager,
  labId: number,
): Promise<{ instruments: number[]; computers: number[] }> {
  const rows = await em.execute<{ id: number; computer: number | null }[]>(
    `select i.id, b.computer from instruments i
       join definitions d on d.id = i.definition_id
       left join computer_bindings b on b.instrument_id = i.id
      where i.lab_id = ? and i.pinned_version is null
        and not d.is_builtin and d.lab_id is not null and d.lab_id <> i.lab_id`,
    [labId],
  );
  const computers = rows.flatMap(({ computer }) => computer ?? []);
  return {
    instruments: [...new Set(rows.map(({ id }) => id))],
    computers: [...new Set(computers)].sort((a, b) => a - b),
  };
}

/** Pins these instruments to the newest version of their definition that is not revoked. */
async function pinUnpinned(
  em: EntityManager,
  ids: readonly number[],
): Promise<{ instrument_id: number; pinned_version: number }[]> {
  if (ids.length === 0) return [];
  return await em.execute(
    `update instruments i set pinned_version = v.version from versions v
      where i.id in (${ids.map(() => '?').join(', ')}) and i.pinned_version is null
        and v.definition_id = i.definition_id
        and v.version = (select max(version) from versions s
                          where s.definition_id = i.definition_id and s.revoked is null)
     returning i.id as instrument_id, i.pinned_version`,
    [...ids],
  );
}
