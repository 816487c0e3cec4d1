/** What a computer's list of definitions is made from. */
import { type FilterQuery, raw } from '@mikro-orm/core';
import { among, where } from './conditions.ts';
import { Definition, Version } from './entities/index.ts';
import type { EntityManager } from './types.ts';
import { type Viewer, visibleTo } from './visibility.ts';

/** Whose list is asked for. */
export type Asking = Readonly<{ id: number; lab_id: number }>;

export interface Stamps {
  lab: string;
  computer: string;
  shared: string;
}

/**
 * Each changes whenever something changes that the list of a computer is made from: the definitions of its lab and the
 * lab's policy, what is bound to it, public and built-in definitions. One query on a primary key. To be read before the list
 * is: then a list is never older than its stamps, and a change in between only makes it be read once more.
 */
export async function syncStamps(
  em: EntityManager,
  computers: readonly Asking[],
): Promise<Map<Asking, Stamps>> {
  const keys = new Map<string, [kind: string, id: number]>([['shared 0', ['shared', 0]]]);
  for (const { id, lab_id } of computers) {
    keys.set(`lab ${lab_id}`, ['lab', lab_id]);
    keys.set(`computer ${id}`, ['computer', id]);
  }
  const rows = await em.execute<{ kind: string; id: number; stamp: string }[]>(
    `select kind, id, stamp from sync_stamps
      where (kind, id) in (${[...keys].map(() => '(?, ?)').join(', ')})`,
    [...keys.values()].flat(),
  );
  const stamps = new Map(rows.map(({ kind, id, stamp }) => [`${kind} ${id}`, stamp]));
  // What was never changed has no stamp yet.
  const of = (key: string) => stamps.get(key) ?? '';
  return new Map(
    computers.map((computer) => [
      computer,
      {
        lab: of(`lab ${computer.lab_id}`),
        computer: of(`computer ${computer.id}`),
        shared: of('shared 0'),
      },
    ]),
  );
}

/**
 * Holds the stamps of these computers until the transaction ends. Whoever writes what is bound to several takes them
 * first, in one order: the triggers would take them one after the other, and two who write could wait in a circle.
 */
export async function holdStamps(em: EntityManager, computers: readonly number[]): Promise<void> {
  const { sql, values } = where([["kind = 'computer'"], among('id', computers)]);
  await em.execute(`select 1 from sync_stamps ${sql} order by id for update`, values);
}

export interface Wanted {
  /** All of this lab. */
  lab: number | undefined;
  ids: readonly number[];
  /** In any case. */
  names: readonly string[];
}

/** Of the definitions wanted those that the viewer sees and that have a version, by name; archived ones too. */
export async function definitionsWanted(
  em: EntityManager,
  viewer: Viewer,
  { lab, ids, names }: Wanted,
): Promise<Omit<Definition, 'source_code'>[]> {
  const any: FilterQuery<Definition>[] = [];
  if (lab !== undefined) any.push({ lab_id: lab, archived_at: null });
  if (ids.length > 0) any.push({ id: { $in: [...ids] } });
  if (names.length > 0) {
    const lower = names.map((name) => name.toLowerCase());
    any.push({ [raw('lower(name)')]: { $in: lower }, archived_at: null });
  }
  if (any.length === 0) return [];
  return em.find(
    Definition,
    { $and: [visibleTo(viewer), { version: { $ne: null } }, { $or: any }] },
    { orderBy: { name: 'asc' } },
  );
}

export interface Revoked extends Pick<Version, 'definition_id' | 'version' | 'commit' | 'revoked'> {
  name: string;
}

/** Every revoked version of what the viewer sees, archived definitions among them: they may be installed somewhere. */
export async function revokedVersions(em: EntityManager, viewer: Viewer): Promise<Revoked[]> {
  const versions = await em.find(
    Version,
    { revoked: { $ne: null } },
    {
      fields: ['definition_id', 'version', 'commit', 'revoked'],
      orderBy: { definition_id: 'asc', version: 'asc' },
    },
  );
  if (versions.length === 0) return [];
  const ids = [...new Set(versions.map(({ definition_id }) => definition_id))];
  const definitions = await em.find(
    Definition,
    { $and: [visibleTo(viewer), { id: { $in: ids } }] },
    { fields: ['id', 'name'] },
  );
  const names = new Map(definitions.map(({ id, name }) => [id, name]));
  return versions.flatMap(({ definition_id, version, commit, revoked }) => {
    const name = names.get(definition_id);
    return name === undefined ? [] : [{ name, definition_id, version, commit, revoked }];
  });
}
