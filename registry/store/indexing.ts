/** Brings the index up to date with a repository. Every function is idempotent. */
import { raw } from '@mikro-orm/core';
import type { PersonRef } from '../definitions/record.ts';
import { Definition, Lab, User, Version } from './entities/index.ts';
import type { EntityManager } from './types.ts';
import { isAddressTaken } from './users.ts';
import { updateRow, upsertRow } from './write-rows.ts';

/** Locks the index entry of a definition until the transaction ends, also for other processes. */
export async function lockDefinition(em: EntityManager, id: number): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(?, ?)', [DEFINITION_LOCKS, id]);
}

/**
 * Locks a definition as `lockDefinition` does, then counts its indexed versions. Also tells whether the database has the
 * lab and all people.
 */
export async function lockForIndexing(
  em: EntityManager,
  id: number,
  { lab, people }: Mentioned,
): Promise<{ known: number; hasMentioned: boolean }> {
  const [row] = await em.execute<[{ known: number; mentioned: number }]>(
    `select lock_definition(?) as known,
            ((select count(*) from labs where id = ?)
              + (select count(*) from users where id = any(?::int[])))::int as mentioned`,
    [id, lab?.id ?? null, `{${people.map((person) => person.id).join(',')}}`],
  );
  return { known: row.known, hasMentioned: row.mentioned === people.length + (lab ? 1 : 0) };
}

/** The first key of the advisory locks on definitions. The audit chain uses another number. */
const DEFINITION_LOCKS = 7001;

/** Sets `archived_at`, before git records the change. Resets `archived_at` if git could not be written. */
export async function markArchived(em: EntityManager, id: number, at: Date | null): Promise<void> {
  await em.nativeUpdate(Definition, { id }, { archived_at: at });
}

/**
 * Counts the indexed versions. The numbers of versions have no gaps, so the count is the number of the newest version.
 */
export async function countVersions(em: EntityManager, definitionId: number): Promise<number> {
  return em.count(Version, { definition_id: definitionId });
}

/** The usernames of these accounts, by id. */
export async function usernamesOf(
  em: EntityManager,
  ids: Iterable<number | null>,
): Promise<Map<number, string>> {
  const wanted = [...new Set([...ids].filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  const users = await em.find(User, { id: { $in: wanted } }, { fields: ['id', 'username'] });
  return new Map(users.map(({ id, username }) => [id, username]));
}

/** The columns that the registry writes. The database derives the columns for searches. */
export type DefinitionFields = Omit<Definition, symbol>;

/** Throws `unique_violation` (`definitions_name_key`) if another definition has the name. Ignores case. */
export async function upsertDefinition(em: EntityManager, row: DefinitionFields): Promise<void> {
  // Not `on conflict`, which would compute the search columns twice. The definition is locked, so no other process can
  // insert the row in between.
  if (!(await updateRow(em, Definition, row))) await upsertRow(em, Definition, row);
}

/**
 * Creates the lab and the people that a repository mentions but the database does not have. They are disabled, and get
 * the ids that the repository has for them.
 */
export async function ensureMentioned(
  em: EntityManager,
  { lab, people }: Mentioned,
): Promise<void> {
  const ids = people.map(({ id }) => id);
  const known = await em.execute<{ kind: 'lab' | 'user'; id: number }[]>(
    `select 'lab' as kind, id from labs where id = ?
      union all select 'user', id from users where id = any(?::int[])`,
    [lab?.id ?? null, `{${ids.join(',')}}`],
  );
  const isKnown = (kind: string, id: number) =>
    known.some((row) => row.kind === kind && row.id === id);
  if (lab && !isKnown('lab', lab.id)) await createLab(em, lab);
  for (const person of people) if (!isKnown('user', person.id)) await createUser(em, person);
}

/** The lab and the people that a repository mentions, each person once. */
export interface Mentioned {
  lab: MentionedLab | null;
  people: readonly PersonRef[];
}

interface MentionedLab {
  id: number;
  code: string;
  name: string;
}

async function createLab(em: EntityManager, lab: MentionedLab): Promise<void> {
  const taken = await em.execute('select 1 from labs where lower(code) = lower(?)', [lab.code]);
  const code = taken.length > 0 ? `${lab.code}-${lab.id}` : lab.code;
  await em.insert(Lab, { id: lab.id, name: lab.name, code, disabled: true });
  await advance(em, 'labs');
}

/** Creates a disabled account without a password. */
async function createUser(em: EntityManager, person: PersonRef): Promise<void> {
  const taken = await em.execute('select 1 from users where lower(username) = lower(?)', [
    person.username,
  ]);
  const username = taken.length > 0 ? `${person.username}-${person.id}` : person.username;
  const { id, name } = person;
  const email = (await isAddressTaken(em, person.email))
    ? `${username}@registry.invalid`
    : person.email;
  await em.insert(User, { id, username, name, email, disabled: true });
  await advance(em, 'users');
}

/** Moves the sequence of a table past every existing id. */
async function advance(em: EntityManager, table: 'labs' | 'users'): Promise<void> {
  await em.execute(
    `select setval(pg_get_serial_sequence('${table}', 'id'),
                   greatest((select max(id) from ${table}), nextval(pg_get_serial_sequence('${table}', 'id')) - 1))`,
  );
}

/** A version of a definition: its commit, and the SHA-256 of each file by path (null if an older registry indexed it). */
export type IndexedFiles = Pick<Version, 'commit' | 'files'>;

/** The versions of each built-in definition by name, newest first, including archived definitions. */
export async function versionsOfBuiltins(em: EntityManager): Promise<Map<string, IndexedFiles[]>> {
  const rows = await em.execute<(IndexedFiles & { name: string })[]>(
    `select d.name, v.commit, v.files from definitions d join versions v on v.definition_id = d.id
     where d.is_builtin order by d.name, v.version desc`,
  );
  const versions = new Map<string, IndexedFiles[]>();
  for (const { name, ...version } of rows)
    versions.set(name, [...(versions.get(name) ?? []), version]);
  return versions;
}

/** The columns of a definition that show whether its name is taken, and by whom. */
export type NamedDefinition = Pick<
  Definition,
  'id' | 'name' | 'head' | 'version' | 'lab_id' | 'is_builtin' | 'archived_at'
>;

/** The definitions with these names (case-insensitive), including archived and proposed ones. */
export async function definitionsNamed(
  em: EntityManager,
  names: readonly string[],
): Promise<NamedDefinition[]> {
  if (names.length === 0) return [];
  return em.find(
    Definition,
    { [raw('lower(name)')]: { $in: names.map((name) => name.toLowerCase()) } },
    { fields: ['id', 'name', 'head', 'version', 'lab_id', 'is_builtin', 'archived_at'] },
  );
}
