import { Version } from './entities/index.ts';
import { window } from './paging.ts';
import type { EntityManager, Listed, Page } from './types.ts';

export type VersionFields = {
  [K in Exclude<keyof Version, symbol>]: Version[K];
};

/** Newest first. */
export async function listVersions(
  em: EntityManager,
  definitionId: number,
  page: Page,
): Promise<Listed<Version>> {
  const [items, total] = await em.findAndCount(
    Version,
    { definition_id: definitionId },
    { ...window(page), orderBy: { version: 'desc' } },
  );
  return { items, total };
}

export async function findVersion(
  em: EntityManager,
  definitionId: number,
  version: number,
): Promise<Version | null> {
  return em.findOne(Version, { definition_id: definitionId, version });
}

/** Writes versions as their tags have them: new ones are added, known ones made to agree. */
export async function upsertVersions(em: EntityManager, versions: VersionFields[]): Promise<void> {
  if (versions.length > 0) await em.upsertMany(Version, versions);
}
