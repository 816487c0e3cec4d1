import type { Key } from './cursor.ts';
import { Version } from './entities/index.ts';
import { listEntities } from './paging.ts';
import { type StandingResult, standingResults } from './test-results.ts';
import type { EntityManager, Listed, Page } from './types.ts';
import { upsertRow } from './write-rows.ts';

export type VersionFields = {
  [K in Exclude<keyof Version, symbol>]: Version[K];
};

const NEWEST_FIRST: Key[] = [{ column: 'version', kind: 'number', descending: true }];

/** A page of the versions of a definition, newest first. */
export async function listVersions(
  em: EntityManager,
  definitionId: number,
  page: Page,
): Promise<Listed<Version>> {
  return await listEntities(em, Version, { definition_id: definitionId }, NEWEST_FIRST, page);
}

export async function findVersion(
  em: EntityManager,
  definitionId: number,
  version: number,
): Promise<Version | null> {
  return em.findOne(Version, { definition_id: definitionId, version });
}

/**
 * The newest version of each definition that is not revoked, by definition. Leaves out definitions without such a
 * version.
 */
export async function newestStanding(
  em: EntityManager,
  definitionIds: readonly number[],
): Promise<Map<number, Version>> {
  const ids = [...new Set(definitionIds)];
  if (ids.length === 0) return new Map();
  const rows = await em.execute(
    `select v.* from unnest(?::int[]) as wanted (id) cross join lateral (
       select * from versions where definition_id = wanted.id and revoked is null
        order by version desc limit 1) v`,
    [`{${ids.join(',')}}`],
  );
  return byDefinition(rows.map((row) => em.map(Version, row)));
}

/** The database index contains only this many digits of a commit id or of a file's SHA-256. */
export const HASH_BEGINNING = 7;

/**
 * Finds versions by the first `HASH_BEGINNING` digits of `hash`, which may be a commit id or the SHA-256 of a file. The
 * caller must compare the remaining digits.
 */
export async function versionsWithHashLike(em: EntityManager, hash: string): Promise<Version[]> {
  const rows = await em.execute(
    'select * from versions where hash_beginnings(commit, files) @> array[?] limit 1000',
    [hash.slice(0, HASH_BEGINNING)],
  );
  return rows.map((row) => em.map(Version, row));
}

/** The reasons of revocations of these definitions' versions, by definition and version. */
export async function revokedOf(
  em: EntityManager,
  definitionIds: readonly number[],
): Promise<Map<number, Map<number, string>>> {
  const found = new Map<number, Map<number, string>>();
  if (definitionIds.length === 0) return found;
  const rows = await em.execute<{ definition_id: number; version: number; reason: string }[]>(
    `select definition_id, version, coalesce(revoked ->> 'reason', '') as reason from versions
      where revoked is not null and definition_id in (${definitionIds.map(() => '?').join(', ')})`,
    [...definitionIds],
  );
  for (const { definition_id, version, reason } of rows) {
    const of = found.get(definition_id) ?? new Map<number, string>();
    found.set(definition_id, of.set(version, reason));
  }
  return found;
}

/** The versions with content that is not indexed yet, and the names of their definitions. */
export async function versionsWithoutContent(em: EntityManager): Promise<
  (Pick<Version, 'definition_id' | 'version' | 'commit' | 'files' | 'described'> & {
    name: string;
  })[]
> {
  return em.execute(
    `select d.name, v.definition_id, v.version, v.commit, v.files, v.described
       from versions v join definitions d on d.id = v.definition_id
      where v.files is null or v.described is null order by 2, 3`,
  );
}

/** Stores the hashes and metadata of a version's files if they are not stored yet. */
export async function saveContent(
  em: EntityManager,
  { definition_id, version, commit }: Pick<Version, 'definition_id' | 'version' | 'commit'>,
  content: Pick<Version, 'files' | 'described'>,
): Promise<void> {
  const lacking = { $or: [{ files: null }, { described: null }] };
  await em.nativeUpdate(Version, { definition_id, version, commit, ...lacking }, content);
}

const byDefinition = (versions: Version[]): Map<number, Version> =>
  new Map(versions.map((version) => [version.definition_id, version]));

/** The versions with these numbers, including revoked ones. */
export async function versionsAt(
  em: EntityManager,
  wanted: readonly { definition_id: number; version: number }[],
): Promise<Version[]> {
  if (wanted.length === 0) return [];
  return em.find(
    Version,
    { $or: wanted.map(({ definition_id, version }) => ({ definition_id, version })) },
    { populate: ['files', 'described'] },
  );
}

/** Adds new versions and updates known ones, with the data in their tags. */
export async function upsertVersions(em: EntityManager, versions: VersionFields[]): Promise<void> {
  const [only] = versions;
  if (only && versions.length === 1) await upsertRow(em, Version, only);
  else if (only) await em.upsertMany(Version, versions);
}

/** The verdicts on the versions of a definition, by version number, in the format of the definition's state in git. */
export interface Verdicts {
  deprecated: Record<string, object>;
  revoked: Record<string, object>;
}

/** Sets the verdicts on a definition's versions. Writes only rows that change. */
export async function setVerdicts(
  em: EntityManager,
  definitionId: number,
  {
    deprecated,
    revoked,
    reinstated = {},
  }: Verdicts & { reinstated?: Record<string, object> | undefined },
): Promise<void> {
  await em.execute(
    `update versions
     set deprecated = verdicts.deprecated -> versions.version::text,
         revoked = verdicts.revoked -> versions.version::text,
         reinstated = verdicts.reinstated -> versions.version::text
     from (select ?::text::jsonb as deprecated, ?::text::jsonb as revoked, ?::text::jsonb as reinstated) verdicts
     where definition_id = ?
       and (versions.deprecated is distinct from verdicts.deprecated -> versions.version::text
            or versions.revoked is distinct from verdicts.revoked -> versions.version::text
            or versions.reinstated is distinct from verdicts.reinstated -> versions.version::text)`,
    [
      ...[deprecated, revoked, reinstated].map((verdicts) => JSON.stringify(verdicts)),
      definitionId,
    ],
  );
}

/** The verdicts on a definition's versions. */
export async function verdictsOf(em: EntityManager, definitionId: number): Promise<Verdicts> {
  const rows = await em.find(
    Version,
    {
      definition_id: definitionId,
      $or: [{ deprecated: { $ne: null } }, { revoked: { $ne: null } }],
    },
    { fields: ['version', 'deprecated', 'revoked'], orderBy: { version: 'asc' } },
  );
  const verdictsIn = (field: keyof Verdicts) =>
    Object.fromEntries(
      rows.flatMap((row) => (row[field] === null ? [] : [[row.version, row[field]]])),
    );
  return { deprecated: verdictsIn('deprecated'), revoked: verdictsIn('revoked') };
}

export type CurrentState = Pick<ShownVersion, 'deprecated' | 'revoked' | 'tests'>;

/** The columns of a version that the page of its definition shows. */
export type ShownVersion = Pick<Version, 'commit' | 'permissions' | 'deprecated' | 'revoked'> & {
  /** The test results that count. */
  tests: StandingResult[] | null;
};

/**
 * Returns the username of the person who created a definition. If `version` is not null, the same query also returns
 * this version of the definition.
 */
export async function creatorAndVersion(
  em: EntityManager,
  { id, created_by, lab_id }: { id: number; created_by: number | null; lab_id: number | null },
  version: number | null,
): Promise<{ creator: string | null; shown: ShownVersion | null }> {
  const [row] = await em.execute<
    [{ creator: string | null; commit: string | null } & ShownVersion]
  >(
    `select u.username as creator, v.commit, v.permissions, v.deprecated, v.revoked,
            ${standingResults('?::int')} as tests
       from (select) one
       left join users u on u.id = ? left join versions v on v.definition_id = ? and v.version = ?`,
    [lab_id, created_by, id, version],
  );
  const { creator, ...shown } = row;
  return { creator, shown: shown.commit === null ? null : shown };
}

/**
 * The verdicts and the test results that count for the newest version of each definition, by definition. Leaves out
 * versions without any.
 */
export async function currentStates(
  em: EntityManager,
  definitionIds: readonly number[],
): Promise<Map<number, CurrentState>> {
  if (definitionIds.length === 0) return new Map();
  const rows = await em.execute<(CurrentState & Pick<Version, 'definition_id'>)[]>(
    `select * from (
       select v.definition_id, v.deprecated, v.revoked, ${standingResults('d.lab_id')} as tests
         from versions v join definitions d on d.id = v.definition_id and d.version = v.version
        where d.id in (${definitionIds.map(() => '?').join(', ')})) current
      where deprecated is not null or revoked is not null or tests is not null`,
    [...definitionIds],
  );
  return new Map(rows.map((row) => [row.definition_id, row]));
}

/** The commit and the tag of each version of a definition, oldest first. */
export async function tagsOfVersions(
  em: EntityManager,
  definitionId: number,
): Promise<Pick<Version, 'version' | 'commit' | 'tag'>[]> {
  return await em.execute(
    'select version, commit, tag from versions where definition_id = ? order by version',
    [definitionId],
  );
}

/** Deletes the versions of a definition that are newer than `newest`. */
export async function deleteVersionsAfter(
  em: EntityManager,
  definitionId: number,
  newest: number,
): Promise<void> {
  await em.nativeDelete(Version, { definition_id: definitionId, version: { $gt: newest } });
}
