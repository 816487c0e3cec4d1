/** Which registry the database belongs to, and the point that its audit trail has reached. */
import { AuditEvent, RegistryIdentity } from './entities/index.ts';
import type { EntityManager } from './types.ts';

export async function findIdentity(em: EntityManager): Promise<RegistryIdentity | null> {
  return await em.findOne(RegistryIdentity, { id: 1 });
}

/** Keeps an identity that another process has written meanwhile. */
export async function writeIdentity(em: EntityManager, registry: string): Promise<void> {
  await em.execute(
    'insert into registry_identity (id, registry) values (1, ?) on conflict (id) do nothing',
    [registry],
  );
}

export async function noteSigningKey(em: EntityManager, fingerprint: string): Promise<void> {
  await em.execute('update registry_identity set signing_key = ? where id = 1', [fingerprint]);
}

/** A point of the audit trail: only a database that has this entry has everything that came before it. */
export interface TrailPoint {
  id: number;
  hash: string;
}

export async function newestPoint(em: EntityManager): Promise<TrailPoint | null> {
  const [row] = await em.execute<{ id: string | number; hash: string }[]>(
    'select id, hash from audit_events order by id desc limit 1',
  );
  return row ? { id: Number(row.id), hash: row.hash } : null;
}

export async function hasPoint(em: EntityManager, { id, hash }: TrailPoint): Promise<boolean> {
  return (await em.count(AuditEvent, { id, hash })) > 0;
}

/** Ids of the definitions of the newest entries, which a folder of repositories that is older lacks first. */
export async function recentDefinitions(em: EntityManager, entries: number): Promise<number[]> {
  const rows = await em.execute<{ id: number }[]>(
    `select distinct subject_id as id from (
       select subject_type, subject_id from audit_events order by id desc limit ?) newest
      where subject_type = 'definition' and subject_id is not null`,
    [entries],
  );
  return rows.map(({ id }) => id);
}
