/** Reads and writes computers of labs, and their enrolment codes. */
import { LockMode, raw } from '@mikro-orm/core';
import { ComputerChange } from '../schemas/equipment.ts';
import { fieldsOf, pick } from '../schemas/pick.ts';
import { emptyRow, writtenColumns } from './columns.ts';
import { among, where } from './conditions.ts';
import type { Key } from './cursor.ts';
import { Check, Computer, EnrolmentCode, TestResult } from './entities/index.ts';
import { listEntities } from './paging.ts';
import { containing } from './search.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** The columns that callers may set: the fields of a request, and the three that enrolment sets. */
const WRITTEN = writtenColumns(
  Computer,
  [...fieldsOf(ComputerChange), 'token_hash', 'enrolled_at', 'last_seen'],
  ['id', 'created_at', 'updated_at'],
);
export type ComputerFields = Pick<Computer, (typeof WRITTEN)[number]>;

export interface ComputerFilters {
  /** Finds only computers of these labs. */
  labs?: number[] | undefined;
  id?: number | undefined;
  lab_id?: number | undefined;
  /** The complete name (case-insensitive). */
  computer_name?: string | undefined;
  /** A part of the name, nickname, location or user (case-insensitive). */
  q?: string | undefined;
  state?: 'behind' | 'errors' | 'silent' | undefined;
  /** Finds only computers that have a definition, or one version of it, installed now. */
  installed?: { definition_id: number | undefined; version: number | undefined } | undefined;
}

const BY_NAME: Key[] = [{ column: 'computer_name', kind: 'text', lower: true }];

/** A page of computers, ordered by name. */
export async function listComputers(
  em: EntityManager,
  { filters = {}, ...page }: Page & { filters?: ComputerFilters },
): Promise<Listed<Computer>> {
  const { labs, id, lab_id, computer_name, q, installed, state } = filters;
  const pattern = containing(q ?? '');
  const fields = ['computer_name', 'nickname', 'location', 'username'] as const;
  const conditions = [
    labs && { lab_id: { $in: labs } },
    id !== undefined && { id },
    lab_id !== undefined && { lab_id },
    computer_name !== undefined && named(computer_name),
    installed?.definition_id !== undefined && having(installed.definition_id, installed.version),
    state && { [raw((alias) => STATES[state].replaceAll('c.', `${alias}.`))]: [] },
    q && { $or: fields.map((field) => ({ [field]: { $ilike: pattern } })) },
  ].filter((condition) => condition !== undefined && condition !== false && condition !== '');
  return await listEntities(em, Computer, { $and: conditions }, BY_NAME, page);
}

/** SQL conditions for the states of a computer `c`, which follow from its installed versions and its reports. */
const STATES = {
  behind: `c.id in (
    select i.computer from installations i join (
      select definition_id, max(version) filter (where revoked is null) as newest
        from versions group by definition_id) v on v.definition_id = i.definition_id
     where i.until is null and i.version is distinct from v.newest)`,
  errors: 'c.id in (select computer from reports where jsonb_array_length(errors) > 0)',
  silent: `coalesce(c.last_seen, '-infinity') < now() - interval '7 days'`,
};

const having = (definitionId: number, version: number | undefined) => ({
  [raw(
    (alias) => `${alias}.id in (select computer from installations
       where until is null and definition_id = ? and version = coalesce(?, version))`,
    [definitionId, version ?? null],
  )]: [],
});

const named = (name: string) => ({ [raw('lower(computer_name) = lower(?)', [name])]: [] });

/**
 * Finds a computer by its id.
 * @param hold locks the computer until the transaction ends, before a change or a deletion
 */
export async function findComputer(
  em: EntityManager,
  id: number,
  hold?: 'to change',
): Promise<Computer | null> {
  if (id > MOST_ID) return null;
  return em.findOne(Computer, { id }, hold && { lockMode: HOLDS[hold] });
}

/** The largest number that the database accepts as an id. */
const MOST_ID = 2 ** 31 - 1;

/** The computers with these ids. */
export async function computersById(
  em: EntityManager,
  ids: readonly number[],
): Promise<Map<number, Computer>> {
  const found = await em.find(Computer, { id: { $in: [...ids] } });
  return new Map(found.map((computer) => [computer.id, computer]));
}

/**
 * Finds a computer by name (case-insensitive).
 * @param hold locks the computer until the transaction ends: `as it is` with a shared lock, `to change` exclusively
 */
export async function findComputerNamed(
  em: EntityManager,
  name: string,
  hold?: 'as it is' | 'to change',
): Promise<Computer | null> {
  const lockMode = hold && HOLDS[hold];
  return em.findOne(Computer, named(name), lockMode && { lockMode });
}

const HOLDS = {
  'as it is': LockMode.PESSIMISTIC_READ,
  'to change': LockMode.PESSIMISTIC_WRITE,
} as const;

/** The computers with these names (case-sensitive), by name. */
export async function computersNamed(
  em: EntityManager,
  names: readonly string[],
): Promise<Map<string, Computer>> {
  if (names.length === 0) return new Map();
  const rows = await em.find(Computer, { computer_name: { $in: [...new Set(names)] } });
  return new Map(rows.map((row) => [row.computer_name, row]));
}

/** Throws `unique_violation` (`computers_computer_name_key`) or `foreign_key_violation`. */
export async function createComputer(
  em: EntityManager,
  fields: Pick<ComputerFields, 'lab_id' | 'computer_name'> & Partial<ComputerFields>,
): Promise<Computer> {
  const computer = em.create(Computer, {
    ...emptyRow(em, Computer),
    ...pick(fields, WRITTEN),
  });
  await em.persist(computer).flush();
  return computer;
}

export async function updateComputer(
  em: EntityManager,
  computer: Computer,
  changes: Partial<ComputerFields>,
): Promise<Computer> {
  em.assign(computer, { ...pick(changes, WRITTEN), updated_at: new Date() });
  await em.flush();
  return computer;
}

/**
 * Cuts the results that a bench computer has posted from the computer, because it loses the right to test. The results
 * stay as history, but never count again. Locks checks in the order of their ids, as a landing does, so that the two
 * cannot deadlock.
 */
export async function detachResults(em: EntityManager, id: number): Promise<void> {
  await em.execute('select 1 from checks where computer = ? order by id for update', [id]);
  await em.nativeUpdate(Check, { computer: id }, { computer: null });
  await em.nativeUpdate(TestResult, { computer: id }, { computer: null });
}

/**
 * Whether the computer is a bench computer of this lab. If it is, it stays one until the transaction ends, and posts no
 * other result meanwhile.
 */
export async function holdBench(em: EntityManager, id: number, labId: number): Promise<boolean> {
  const lockMode = LockMode.PESSIMISTIC_WRITE;
  const where = { id, lab_id: labId, is_bench: true };
  return (await em.findOne(Computer, where, { lockMode })) !== null;
}

/** Deletes a computer and its bindings. Its results stay, but never count again. */
export async function deleteComputer(em: EntityManager, id: number): Promise<void> {
  await detachResults(em, id);
  await em.nativeDelete(Computer, { id });
}

export type ComputerIdentity = Pick<
  Computer,
  'id' | 'computer_name' | 'lab_id' | 'is_bench' | 'last_seen'
>;

type RawIdentity = Omit<ComputerIdentity, 'last_seen'> & {
  token_hash: string;
  last_seen: string | null;
};

/** The computers that own these tokens, by the token's hash. Leaves out unknown tokens and computers of disabled labs. */
export async function computersByToken(
  em: EntityManager,
  hashes: readonly string[],
): Promise<Map<string, ComputerIdentity>> {
  const { sql, values } = where([among('c.token_hash', hashes), ['not l.disabled']]);
  // Hundreds of computers may send requests at once, so the rows are not converted to entities. The driver returns the
  // times of such rows as text.
  const rows = await em.execute<RawIdentity[]>(
    `select c.id, c.computer_name, c.lab_id, c.is_bench, c.last_seen, c.token_hash
       from computers c join labs l on l.id = c.lab_id ${sql}`,
    values,
  );
  return new Map(
    rows.map(({ token_hash, last_seen, ...row }) => [
      token_hash,
      { ...row, last_seen: last_seen === null ? null : new Date(last_seen) },
    ]),
  );
}

/** A time in the future comes from a clock that was set back since. */
const STALE = `last_seen is null or last_seen < now() - interval '1 minute' or last_seen > now()`;

/** Updates `last_seen`, at most once a minute. Locks rows in the order of their ids, so that processes cannot deadlock. */
export async function touchComputers(em: EntityManager, ids: readonly number[]): Promise<void> {
  const { sql, values } = where([among('id', ids), [STALE]]);
  await em.execute(
    `update computers set last_seen = now()
      where id in (select id from computers ${sql} order by id for update)`,
    values,
    'run',
  );
}

/** Adds an enrolment code and deletes expired ones. Returns the number of the new code. */
export async function addCode(
  em: EntityManager,
  code: Pick<EnrolmentCode, 'lab_id' | 'hash' | 'created_by' | 'expires_at'>,
): Promise<number> {
  await em.nativeDelete(EnrolmentCode, { expires_at: { $lt: new Date() } });
  return Number(await em.insert(EnrolmentCode, code));
}

/**
 * Uses an enrolment code and deletes it, so that only one of two concurrent uses succeeds. Returns null if the code is
 * not valid.
 */
export async function takeCode(
  em: EntityManager,
  hash: string,
): Promise<Pick<EnrolmentCode, 'lab_id' | 'created_by'> | null> {
  const [row] = await em.execute<Pick<EnrolmentCode, 'lab_id' | 'created_by'>[]>(
    `delete from enrolment_codes c using labs l
      where c.hash = ? and c.expires_at > now() and l.id = c.lab_id and not l.disabled
      returning c.lab_id, c.created_by`,
    [hash],
  );
  return row ?? null;
}

export type ComputersSeen = Record<'last_hour' | 'last_week' | 'silent', number>;

/** Counts the computers by the last time that they asked for their lists. Each computer counts once. */
export async function countSeen(em: EntityManager): Promise<ComputersSeen> {
  const rows = await em.execute<{ seen: keyof ComputersSeen; count: string }[]>(
    `select case when ${STATES.silent} then 'silent'
                 when c.last_seen < now() - interval '1 hour' then 'last_week'
                 else 'last_hour' end as seen,
            count(*) as count
       from computers c group by 1`,
  );
  const counts = Object.fromEntries(rows.map(({ seen, count }) => [seen, Number(count)]));
  return { last_hour: 0, last_week: 0, silent: 0, ...counts };
}
