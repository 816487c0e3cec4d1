/** What computers report, and what was installed when. */
import { raw } from '@mikro-orm/core';
import type { Json } from '../definitions/types.ts';
import { among, where } from './conditions.ts';
import { Definition, Installation, Report } from './entities/index.ts';
import type { EntityManager } from './types.ts';
import { type Viewer, visibleTo } from './visibility.ts';

export interface ReportFields {
  installed: Record<string, number>;
  loaded: Record<string, number>;
  errors: Json[];
}

/** Keeps a computer's report instead of its last one, which it returns; of two at once the second waits. */
export async function keepReport(
  em: EntityManager,
  computer: number,
  report: ReportFields,
): Promise<ReportFields | null> {
  // Its computer is held, for the first time there is no report to hold.
  const [before] = await em.execute<Nullable<ReportFields>[]>(
    `select r.installed, r.loaded, r.errors
       from computers c left join reports r on r.computer = c.id where c.id = ? for update of c`,
    [computer],
  );
  await em.upsert(Report, { computer, ...report, reported_at: new Date() });
  return before?.installed ? (before as ReportFields) : null;
}
type Nullable<T> = { [K in keyof T]: T[K] | null };

export async function reportsOf(
  em: EntityManager,
  computers: readonly number[],
): Promise<Map<number, Report>> {
  const rows = await em.find(Report, { computer: { $in: [...computers] } });
  return new Map(rows.map((row) => [row.computer, row]));
}

export type NamedVersion = Pick<Definition, 'id' | 'name' | 'version'>;

/** The definitions with these names, in any case, that the viewer sees and that have a version. */
export async function definitionsCalled(
  em: EntityManager,
  viewer: Viewer,
  names: readonly string[],
): Promise<NamedVersion[]> {
  if (names.length === 0) return [];
  const lower = [...new Set(names.map((name) => name.toLowerCase()))];
  return em.find(
    Definition,
    {
      $and: [visibleTo(viewer), { version: { $ne: null }, [raw('lower(name)')]: { $in: lower } }],
    },
    { fields: ['id', 'name', 'version'] },
  );
}

/** Makes what is installed now what `versions` says (by definition), and ends what was instead. */
export async function keepInstalled(
  em: EntityManager,
  computer: number,
  versions: ReadonlyMap<number, number>,
): Promise<void> {
  const now = new Date();
  const open = await em.find(Installation, { computer, until: null });
  const ended = open.filter((row) => versions.get(row.definition_id) !== row.version);
  const going = new Set(open.filter((row) => !ended.includes(row)).map((row) => row.definition_id));
  const ids = ended.map(({ id }) => id);
  if (ids.length > 0) await em.nativeUpdate(Installation, { id: { $in: ids } }, { until: now });
  const begun = [...versions]
    .filter(([definition_id]) => !going.has(definition_id))
    .map(([definition_id, version]) => ({ computer, definition_id, version, since: now }));
  if (begun.length > 0) await em.insertMany(Installation, begun as never);
}

export interface Counted {
  version: number;
  computers: number;
}

/** On how many computers of these labs (undefined: of all) each version of a definition is installed now. */
export async function countInstalled(
  em: EntityManager,
  definitionId: number,
  labs: number[] | undefined,
): Promise<Counted[]> {
  const { sql, values } = where([
    ['i.definition_id = ? and i.until is null', definitionId],
    among('c.lab_id', labs),
  ]);
  const rows = await em.execute<Record<keyof Counted, string>[]>(
    `select i.version, count(*) as computers
       from installations i join computers c on c.id = i.computer ${sql} group by i.version`,
    values,
  );
  return rows.map(numbers);
}

/** On how many computers each version is loaded, as they said last. */
export async function countLoaded(
  em: EntityManager,
  name: string,
  labs: number[] | undefined,
): Promise<Counted[]> {
  const { sql, values } = where([['r.loaded ->> ? is not null', name], among('c.lab_id', labs)]);
  const rows = await em.execute<Record<keyof Counted, string>[]>(
    `select r.loaded ->> ? as version, count(*) as computers
       from reports r join computers c on c.id = r.computer ${sql} group by 1`,
    [name, ...values],
  );
  return rows.map(numbers);
}

export interface Turn {
  /** The UTC day, `2026-01-31`. */
  day: string;
  version: number;
  /** By how many computers more (or fewer) have it at the end of that day. */
  change: number;
}

/** How the numbers of computers changed, day by day, oldest first. */
export async function turnsOf(
  em: EntityManager,
  definitionId: number,
  labs: number[] | undefined,
): Promise<Turn[]> {
  const { sql, values } = where([['i.definition_id = ?', definitionId], among('c.lab_id', labs)]);
  const rows = await em.execute<Record<keyof Turn, string>[]>(
    `select to_char(turn.at at time zone 'utc', 'YYYY-MM-DD') as day, i.version, sum(turn.change) as change
       from installations i join computers c on c.id = i.computer
       cross join lateral (values (i.since, 1), (i.until, -1)) as turn (at, change)
       ${sql} and turn.at is not null
      group by 1, 2 order by 1, 2`,
    values,
  );
  return rows.map(({ day, version, change }) => ({
    day,
    version: Number(version),
    change: Number(change),
  }));
}

const numbers = ({ version, computers }: Record<keyof Counted, string>): Counted => ({
  version: Number(version),
  computers: Number(computers),
});
