import { raw } from '@mikro-orm/core';
import { type DirectLanding, Lab, Membership, type Role, User } from './entities/index.ts';
import { window } from './paging.ts';
import type { EntityManager, Listed, Page } from './types.ts';

export interface LabFields {
  name: string;
  code: string;
  direct_landing: DirectLanding;
  required_approvals: number;
  allow_self_approval: boolean;
  required_checks: Record<string, number>;
  banned_imports: string[] | null;
  allowed_imports: string[];
  disabled: boolean;
}

export type NewLab = Pick<LabFields, 'name' | 'code'> & Partial<LabFields>;

export interface Member {
  user: User;
  role: Role;
  created_at: Date;
}

export async function findLab(em: EntityManager, id: number): Promise<Lab | null> {
  return em.findOne(Lab, { id });
}

/** Finds a lab by its code in any case. */
export async function findLabByCode(em: EntityManager, code: string): Promise<Lab | null> {
  return em.findOne(Lab, { [raw('lower(code) = lower(?)', [code])]: [] });
}

/** By code; only those in `ids` where it is given. */
export async function listLabs(
  em: EntityManager,
  options: Page & { ids?: number[] | undefined },
): Promise<Listed<Lab>> {
  const where = options.ids ? { id: { $in: options.ids } } : {};
  const [items, total] = await em.findAndCount(Lab, where, {
    ...window(options),
    orderBy: { [raw('lower(code)')]: 'asc' },
  });
  return { items, total };
}

/** Throws `unique_violation` (`labs_code_key`) where the code is taken in any case. */
export async function createLab(em: EntityManager, fields: NewLab): Promise<Lab> {
  const lab = em.create(Lab, {
    required_checks: {},
    banned_imports: null,
    allowed_imports: [],
    ...fields,
  });
  await em.persist(lab).flush();
  return lab;
}

/** Changes the fields given; null where there is no such lab. Throws `unique_violation`. */
export async function updateLab(
  em: EntityManager,
  id: number,
  changes: Partial<LabFields>,
): Promise<Lab | null> {
  const lab = await em.findOne(Lab, { id });
  if (!lab) return null;
  em.assign(lab, changes, { mergeObjectProperties: false });
  await em.flush();
  return lab;
}

/** False where there is no such lab. Throws `foreign_key_violation` while it has definitions. */
export async function deleteLab(em: EntityManager, id: number): Promise<boolean> {
  return (await em.nativeDelete(Lab, { id })) > 0;
}

export async function rolesOf(
  em: EntityManager,
  userId: number,
): Promise<{ lab_id: number; role: Role }[]> {
  const rows = await em.find(Membership, { user_id: userId }, { orderBy: { lab_id: 'asc' } });
  return rows.map(({ lab_id, role }) => ({ lab_id, role }));
}

/** A lab's members by username. */
export async function listMembers(
  em: EntityManager,
  labId: number,
  page: Page,
): Promise<Listed<Member>> {
  const [rows, total] = await em.findAndCount(Membership, { lab_id: labId });
  const users = await em.find(
    User,
    { id: { $in: rows.map((row) => row.user_id) } },
    { ...window(page), orderBy: { [raw('lower(username)')]: 'asc' } },
  );
  const byUser = new Map(rows.map((row) => [row.user_id, row]));
  const items = users.flatMap((user) => {
    const row = byUser.get(user.id);
    return row ? [{ user, role: row.role, created_at: row.created_at }] : [];
  });
  return { items, total };
}

/** Makes or changes a membership. Throws `foreign_key_violation` for an unknown lab or user. */
export async function setMember(
  em: EntityManager,
  labId: number,
  userId: number,
  role: Role,
): Promise<void> {
  await em.upsert(
    Membership,
    { lab_id: labId, user_id: userId, role },
    { onConflictMergeFields: ['role'] },
  );
}

/** False where the user is no member of that lab. */
export async function removeMember(
  em: EntityManager,
  labId: number,
  userId: number,
): Promise<boolean> {
  return (await em.nativeDelete(Membership, { lab_id: labId, user_id: userId })) > 0;
}
