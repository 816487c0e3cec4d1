/** What bringing the index up to a repository writes; every function may be called again to no effect. */
import { raw } from '@mikro-orm/core';
import type { PersonRef } from '../definitions/record.ts';
import { Definition, Lab, User, Version } from './entities/index.ts';
import type { EntityManager } from './types.ts';
import { isAddressTaken } from './users.ts';

/** Holds this definition's index entry until the transaction ends, across processes. */
export async function lockDefinition(em: EntityManager, id: number): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(?, ?)', [DEFINITION_LOCKS, id]);
}

/** First key of the advisory locks on definitions; the audit chain has another. */
const DEFINITION_LOCKS = 7001;

/** Before its state says so, or where it could not be made to say so. */
export async function markArchived(em: EntityManager, id: number, at: Date | null): Promise<void> {
  await em.nativeUpdate(Definition, { id }, { archived_at: at });
}

/** The number of versions that the index has; they are dense, so it is the newest one's number. */
export async function countVersions(em: EntityManager, definitionId: number): Promise<number> {
  return em.count(Version, { definition_id: definitionId });
}

/** Usernames by id, in one query. */
export async function usernamesOf(
  em: EntityManager,
  ids: Iterable<number | null>,
): Promise<Map<number, string>> {
  const wanted = [...new Set([...ids].filter((id) => id !== null))];
  if (wanted.length === 0) return new Map();
  const users = await em.find(User, { id: { $in: wanted } }, { fields: ['id', 'username'] });
  return new Map(users.map(({ id, username }) => [id, username]));
}

/** A row as it is written; the database derives what is searched. */
export type DefinitionFields = Omit<Definition, 'search' | symbol>;

/** Throws `unique_violation` (`definitions_name_key`) where another definition has the name, in any case. */
export async function upsertDefinition(em: EntityManager, row: DefinitionFields): Promise<void> {
  await em.upsert(Definition, row);
}

/** A lab that only a repository knows of is made, disabled, with the id it had. */
export async function ensureLab(
  em: EntityManager,
  lab: { id: number; code: string; name: string },
): Promise<void> {
  if (await em.findOne(Lab, { id: lab.id })) return;
  const taken = await em.execute('select 1 from labs where lower(code) = lower(?)', [lab.code]);
  const code = taken.length > 0 ? `${lab.code}-${lab.id}` : lab.code;
  await em.insert(Lab, { id: lab.id, name: lab.name, code, disabled: true });
  await advance(em, 'labs');
}

/** A user that only a repository knows of is made, disabled and without a password, with the id they had. */
export async function ensureUser(em: EntityManager, person: PersonRef): Promise<void> {
  if (await em.findOne(User, { id: person.id })) return;
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

/** Moves a table's sequence past every id there is. */
async function advance(em: EntityManager, table: 'labs' | 'users'): Promise<void> {
  await em.execute(
    `select setval(pg_get_serial_sequence('${table}', 'id'),
                   greatest((select max(id) from ${table}), nextval(pg_get_serial_sequence('${table}', 'id')) - 1))`,
  );
}

/** Sources of the built-in definitions by name, archived ones included. */
export async function builtinSources(em: EntityManager): Promise<Map<string, string>> {
  const rows = await em.execute<{ name: string; source_code: string }[]>(
    'select name, source_code from definitions where is_builtin',
  );
  return new Map(rows.map(({ name, source_code }) => [name, source_code]));
}

/** Whose a name is, and where its definition stands. */
export type NamedDefinition = Pick<
  Definition,
  'id' | 'name' | 'head' | 'version' | 'lab_id' | 'is_builtin' | 'archived_at'
>;

/** Definitions with these names, case ignored; archived and proposed ones too. */
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
