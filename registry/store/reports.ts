/** Reads and writes the reports of computers, and the history of installed versions that follows from them. */
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

/**
 * Replaces the reports of computers, by the computer's id. Returns the previous reports of these computers, with
 * undefined for a computer that had none. Leaves out deleted computers. Of two concurrent calls for one computer, the
 * second waits.
 */
export async function saveReports(
  em: EntityManager,
  reports: ReadonlyMap<number, ReportFields>,
): Promise<Map<number, Pick<ReportFields, 'installed'> | undefined>> {
  const { sql, values } = where([among('c.id', [...reports.keys()])]);
  // Locks the computers and not the reports, because a first report has no row to lock yet. The order of the ids prevents
  // deadlocks.
  const there = await em.execute<{ id: number; installed: Record<string, number> | null }[]>(
    `select c.id, r.installed from computers c left join reports r on r.computer = c.id
      ${sql} order by c.id for update of c`,
    values,
  );
  const rows = there.map(({ id }) => ({ computer: id, ...reports.get(id) }));
  await em.execute(
    `insert into reports (computer, installed, loaded, errors, reported_at)
     select computer, installed, loaded, errors, now()
       from jsonb_to_recordset(?::jsonb)
         as reported (computer int, installed jsonb, loaded jsonb, errors jsonb)
     on conflict (computer) do update set installed = excluded.installed, loaded = excluded.loaded,
       errors = excluded.errors, reported_at = excluded.reported_at`,
    [JSON.stringify(rows)],
  );
  return new Map(there.map(({ id, installed }) => [id, installed ? { installed } : undefined]));
}

export async function reportsOf(
  em: EntityManager,
  computers: readonly number[],
): Promise<Map<number, Report>> {
  const rows = await em.find(Report, { computer: { $in: [...computers] } });
  return new Map(rows.map((row) => [row.computer, row]));
}

const NAMED = [
  'id',
  'name',
  'version',
  'lab_id',
  'is_public',
  'is_builtin',
  'archived_at',
] as const;
/** The name and version of a definition, and the columns that decide who sees it. */
export type NamedVersion = Pick<Definition, (typeof NAMED)[number]>;

/** The definitions with these case-insensitive names that the viewer sees and that have a version. */
export async function definitionsByName(
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
    { fields: NAMED },
  );
}

/** Stores which version of each definition every computer has installed now, and ends its other installations. */
export async function saveInstalled(
  em: EntityManager,
  versions: ReadonlyMap<number, ReadonlyMap<number, number>>,
): Promise<void> {
  if (versions.size === 0) return;
  const now = new Date();
  const open = await em.find(Installation, {
    computer: { $in: [...versions.keys()] },
    until: null,
  });
  const stays = (row: Installation) =>
    versions.get(row.computer)?.get(row.definition_id) === row.version;
  const ended = open.filter((row) => !stays(row)).map(({ id }) => id);
  if (ended.length > 0) await em.nativeUpdate(Installation, { id: { $in: ended } }, { until: now });
  const going = new Set(open.filter(stays).map((row) => `${row.computer} ${row.definition_id}`));
  const begun = [...versions].flatMap(([computer, installed]) =>
    [...installed]
      .filter(([definition_id]) => !going.has(`${computer} ${definition_id}`))
      .map(([definition_id, version]) => ({ computer, definition_id, version, since: now })),
  );
  if (begun.length > 0) await em.insertMany(Installation, begun);
}

export interface Counted {
  version: number;
  computers: number;
}

/**
 * Counts, for each version of a definition, the computers that have it installed now. Counts only computers of these labs,
 * or of all labs if `labs` is undefined.
 */
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

/** Counts, for each version of a definition, the computers with programs that had it loaded at the last report. */
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
  /** The UTC day, such as `2026-01-31`. */
  day: string;
  version: number;
  /** By how much the number of computers with this version changed on this day. */
  change: number;
}

/** How the number of computers with each version of a definition changed, day by day, oldest first. */
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
