import type { FilterQuery } from '@mikro-orm/core';
import type { Json } from '../definitions/types.ts';
import { AuditEvent } from './entities/index.ts';
import { window } from './paging.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** What a caller says of an event; the chain adds id, time and hashes. */
export interface AuditEntry {
  actor_id: number | null;
  actor: string;
  /** `definition.landed`, `user.created`, … */
  action: string;
  subject_type: string;
  subject_id: number | null;
  subject: string;
  lab_id: number | null;
  before?: Json;
  after?: Json;
  address: string | null;
  token_name: string | null;
}

export interface AuditFilters {
  actor_id?: number | undefined;
  action?: string | undefined;
  subject_type?: string | undefined;
  subject_id?: number | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  /** Only events of these labs (what a lab's administrator may see). */
  lab_ids?: number[] | undefined;
}

/** Newest first. */
export async function listAudit(
  em: EntityManager,
  options: Page & { filters?: AuditFilters },
): Promise<Listed<AuditEvent>> {
  const [items, total] = await em.findAndCount(AuditEvent, matching(options.filters ?? {}), {
    ...window(options),
    orderBy: { id: 'desc' },
  });
  return { items, total };
}

function matching({ since, until, lab_ids, ...equal }: AuditFilters): FilterQuery<AuditEvent> {
  const stated = Object.fromEntries(
    Object.entries(equal).filter(([, value]) => value !== undefined),
  );
  return {
    ...stated,
    ...(lab_ids && { lab_id: { $in: lab_ids } }),
    at: { ...(since && { $gte: since }), ...(until && { $lt: until }) },
  };
}
