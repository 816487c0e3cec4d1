/** Reads the data for the list of definitions that a computer gets. */
import { type FilterQuery, raw } from '@mikro-orm/core';
import type { StatedTimeline } from '../signing/statement.ts';
import { among, where } from './conditions.ts';
import { Definition, type Timeline, Version } from './entities/index.ts';
import { beginFirstTimeline, currentTimeline } from './timelines.ts';
import type { EntityManager } from './types.ts';
import { type Viewer, visibleTo } from './visibility.ts';

/** A computer that requests its list. */
export type Asking = Readonly<{ id: number; lab_id: number }>;

export interface Stamps {
  lab: string;
  computer: string;
  shared: string;
  /** Grows with each change of a stamp, and never becomes smaller. */
  number: number;
  timeline: StatedTimeline;
}

interface StampRow {
  kind: string;
  id: number;
  stamp: string;
  number: number;
  about: Pick<Timeline, 'restored_from' | 'confirmed_at' | 'confirmed_by'> | null;
}

/**
 * Reads the stamps of computers' lists with one query on a primary key. The three stamps of a list change whenever its
 * data changes: the lab's definitions and policy, the computer's bindings, or public and built-in definitions.
 *
 * Read the stamps before the list. In this order, the list is never older than its stamps, and a change in between only
 * causes one more read.
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
  const read = () =>
    em.execute<StampRow[]>(
      `select kind, id, stamp::text, number::float8, null::jsonb as about from sync_stamps
        where (kind, id) in (${[...keys].map(() => '(?, ?)').join(', ')})
       union all
       select 'timeline', id, timeline::text, base::float8, to_jsonb(newest)
         from (select * from timelines order by id desc limit 1) newest`,
      [...keys.values()].flat(),
    );
  let rows = await read();
  if (!rows.some(({ kind }) => kind === 'timeline')) {
    await beginFirstTimeline(em);
    rows = await read();
  }
  const found = new Map(rows.map((row) => [`${row.kind} ${row.id}`, row]));
  const timeline = rows.find(({ kind }) => kind === 'timeline') as StampRow;
  return new Map(
    computers.map((computer) => {
      // Data that has never changed has no stamp yet.
      const [lab, own, shared] = [
        `lab ${computer.lab_id}`,
        `computer ${computer.id}`,
        'shared 0',
      ].map((key) => found.get(key) ?? { stamp: '', number: 0 }) as [StampRow, StampRow, StampRow];
      const stamps: Stamps = {
        lab: lab.stamp,
        computer: own.stamp,
        shared: shared.stamp,
        number: timeline.number + lab.number + own.number + shared.number,
        timeline: timelineOf(timeline.stamp, timeline.about),
      };
      return [computer, stamps];
    }),
  );
}

/** Describes a timeline as lists do. */
function timelineOf(id: string, about: StampRow['about']): StatedTimeline {
  const at = (time: Date | string | null | undefined) =>
    time ? new Date(time).toISOString() : null;
  const [confirmedAt, by] = [at(about?.confirmed_at), about?.confirmed_by];
  return {
    id,
    restored_from: at(about?.restored_from),
    confirmed: confirmedAt && by ? { at: confirmedAt, by } : null,
  };
}

/** The number and timeline for a bundle, which contains the definitions of all labs. */
export async function numberOfAll(
  em: EntityManager,
): Promise<{ number: number; timeline: StatedTimeline }> {
  await beginFirstTimeline(em);
  const newest = (await currentTimeline(em)) as Timeline;
  const [{ sum = 0 } = {}] = await em.execute<{ sum: number }[]>(
    `select coalesce(sum(number), 0)::float8 as sum from sync_stamps where kind in ('lab', 'shared')`,
  );
  return { number: newest.base + sum, timeline: timelineOf(newest.timeline, newest) };
}

/**
 * Locks the stamps of these computers until the transaction ends. Must be called before a change of bindings of several
 * computers. Without this call, triggers would lock the stamps one by one, in any order, and two writers could
 * deadlock.
 */
export async function holdStamps(em: EntityManager, computers: readonly number[]): Promise<void> {
  const { sql, values } = where([["kind = 'computer'"], among('id', computers)]);
  await em.execute(`select 1 from sync_stamps ${sql} order by id for update`, values);
}

/**
 * Locks the stamp of a lab until the transaction ends. Must be called before the stamps of the lab's computers are
 * locked.
 */
export async function holdLabStamp(em: EntityManager, labId: number): Promise<void> {
  await em.execute(`select 1 from sync_stamps where kind = 'lab' and id = ? for update`, [labId]);
}

export interface Wanted {
  ids: readonly number[];
  /** The names are case-insensitive. */
  names: readonly string[];
}

/**
 * The wanted definitions that the viewer sees and that have a version, ordered by name. The definitions in `ids` may be
 * archived.
 */
export async function definitionsWanted(
  em: EntityManager,
  viewer: Viewer,
  { ids, names }: Wanted,
): Promise<Omit<Definition, 'source_code'>[]> {
  const any: FilterQuery<Definition>[] = [];
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

/**
 * For each listed definition of a lab, a text that changes whenever the definition's entry in sync lists changes:
 * the transactions that wrote its row and the row of its newest version that is not revoked (`xmin`, PostgreSQL manual,
 * "System Columns"), and the name of its creator. Valid while the process is connected to the same database.
 */
export async function entryStates(em: EntityManager, labId: number): Promise<Map<number, string>> {
  const rows = await em.execute<{ id: number; state: string }[]>(
    `select d.id, concat_ws(' ', d.xmin, v.xmin, v.version, u.username) as state
       from definitions d
       left join users u on u.id = d.created_by
       left join lateral (
         select xmin, version from versions where definition_id = d.id and revoked is null
          order by version desc limit 1) v on true
      where d.lab_id = ? and d.archived_at is null and d.version is not null`,
    [labId],
  );
  return new Map(rows.map(({ id, state }) => [id, state]));
}

export interface Revoked extends Pick<Version, 'definition_id' | 'version' | 'commit' | 'revoked'> {
  name: string;
}

/**
 * All revoked versions of the definitions that the viewer sees. Includes those of archived definitions, because they may
 * still be installed.
 */
export async function revokedVersions(em: EntityManager, viewer: Viewer): Promise<Revoked[]> {
  const versions = await em.find(
    Version,
    { revoked: { $ne: null } },
    {
      fields: ['definition_id', 'version', 'commit', 'revoked'],
      orderBy: { definition_id: 'asc', version: 'asc' },
    },
  );
  return (await addNames(em, viewer, versions)).map(({ name, of }) => {
    const { definition_id, version, commit, revoked } = of;
    return { name, definition_id, version, commit, revoked };
  });
}

/** Adds to each version the name of its definition. Leaves out versions of definitions that the viewer may not see. */
async function addNames<V extends { definition_id: number }>(
  em: EntityManager,
  viewer: Viewer,
  versions: readonly V[],
): Promise<{ name: string; of: V }[]> {
  if (versions.length === 0) return [];
  const ids = [...new Set(versions.map(({ definition_id }) => definition_id))];
  const definitions = await em.find(
    Definition,
    { $and: [visibleTo(viewer), { id: { $in: ids } }] },
    { fields: ['id', 'name'] },
  );
  const names = new Map(definitions.map(({ id, name }) => [id, name]));
  return versions.flatMap((of) => {
    const name = names.get(of.definition_id);
    return name === undefined ? [] : [{ name, of }];
  });
}

export interface Reinstated extends Pick<Version, 'definition_id' | 'version' | 'commit'> {
  name: string;
}

/** All reinstated versions of the definitions that the viewer sees. */
export async function reinstatedVersions(em: EntityManager, viewer: Viewer): Promise<Reinstated[]> {
  const versions = await em.find(
    Version,
    { reinstated: { $ne: null } },
    {
      fields: ['definition_id', 'version', 'commit'],
      orderBy: { definition_id: 'asc', version: 'asc' },
    },
  );
  return (await addNames(em, viewer, versions)).map(({ name, of }) => {
    const { definition_id, version, commit } = of;
    return { name, definition_id, version, commit };
  });
}
