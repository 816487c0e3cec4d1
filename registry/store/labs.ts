import { raw } from '@mikro-orm/core';
import { LabChange } from '../schemas/people.ts';
import { fieldsOf, pick } from '../schemas/pick.ts';
import { emptyRow, writtenColumns } from './columns.ts';
import type { Key } from './cursor.ts';
import { Lab, Membership, type Role, User } from './entities/index.ts';
import { listEntities, listRows } from './paging.ts';
import type { EntityManager, Listed, Page } from './types.ts';

/** The columns that a request may set. */
const WRITTEN = writtenColumns(Lab, fieldsOf(LabChange), ['id', 'created_at']);
export type LabFields = Pick<Lab, (typeof WRITTEN)[number]>;

export type NewLab = Pick<LabFields, 'name' | 'code'> & Partial<LabFields>;

export interface Member {
  user: User;
  role: Role;
  created_at: Date;
}

export async function findLab(em: EntityManager, id: number): Promise<Lab | null> {
  return em.findOne(Lab, { id });
}

/** Finds a lab by its code (case-insensitive). */
export async function findLabByCode(em: EntityManager, code: string): Promise<Lab | null> {
  return em.findOne(Lab, { [raw('lower(code) = lower(?)', [code])]: [] });
}

/** The labs with these codes, by code in lower case. */
export async function labsByCode(
  em: EntityManager,
  codes: readonly string[],
): Promise<Map<string, Lab>> {
  if (codes.length === 0) return new Map();
  const lower = codes.map((code) => code.toLowerCase());
  const labs = await em.find(Lab, { [raw('lower(code)')]: { $in: lower } });
  return new Map(labs.map((lab) => [lab.code.toLowerCase(), lab]));
}

const BY_CODE: Key[] = [{ column: 'code', kind: 'text', lower: true }];

/** A page of labs, ordered by code. If `ids` is given, the page has only labs with these ids. */
export async function listLabs(
  em: EntityManager,
  options: Page & { ids?: number[] | undefined },
): Promise<Listed<Lab>> {
  const where = options.ids ? { id: { $in: options.ids } } : {};
  return await listEntities(em, Lab, where, BY_CODE, options);
}

/** Throws `unique_violation` (`labs_code_key`) if the code is taken (case-insensitive). */
export async function createLab(em: EntityManager, fields: NewLab): Promise<Lab> {
  const lab = em.create(Lab, { ...emptyRow(em, Lab), ...pick(fields, WRITTEN) });
  await em.persist(lab).flush();
  return lab;
}

/** Changes the given fields. Returns null if the lab does not exist. Throws `unique_violation`. */
export async function updateLab(
  em: EntityManager,
  id: number,
  changes: Partial<LabFields>,
): Promise<Lab | null> {
  const lab = await em.findOne(Lab, { id });
  if (!lab) return null;
  em.assign(lab, pick(changes, WRITTEN), { mergeObjectProperties: false });
  await em.flush();
  return lab;
}

/** Returns false if the lab does not exist. Throws `foreign_key_violation` if it still has definitions. */
export async function deleteLab(em: EntityManager, id: number): Promise<boolean> {
  return (await em.nativeDelete(Lab, { id })) > 0;
}

/** The roles of a user in labs. Disabled labs are left out. */
export async function rolesOf(em: EntityManager, userId: number): Promise<LabRole[]> {
  const [row] = await em.execute<[{ roles: LabRole[] }]>(
    `select ${rolesOfUser} as roles from (select ?::int as id) u`,
    [userId],
  );
  return row.roles;
}

export interface LabRole {
  lab_id: number;
  role: Role;
}

/** SQL of a column for queries of users `u`: their roles in labs as JSON, without disabled labs. */
export const rolesOfUser = `(select coalesce(
    jsonb_agg(jsonb_build_object('lab_id', m.lab_id, 'role', m.role) order by m.lab_id), '[]')
  from memberships m join labs l on l.id = m.lab_id where m.user_id = u.id and not l.disabled)`;

/** The roles of a user by the lab's id, including disabled labs. */
export async function membershipsOf(em: EntityManager, userId: number): Promise<Map<number, Role>> {
  const memberships = await em.find(Membership, { user_id: userId });
  return new Map(memberships.map(({ lab_id, role }) => [lab_id, role]));
}

const BY_USERNAME: Key[] = [{ column: 'username', kind: 'text', lower: true }];

/** A page of a lab's members, ordered by username. */
export async function listMembers(
  em: EntityManager,
  labId: number,
  page: Page,
): Promise<Listed<Member>> {
  const rows = { sql: `${memberRows} where m.lab_id = ?`, values: [labId] };
  const { items, ...rest } = await listRows<MemberRow>(em, rows, BY_USERNAME, page);
  return { ...rest, items: items.map((row) => memberOf(em, row)) };
}

/** Returns the users among `userIds` who are members of any of these labs. */
export async function membersAmong(
  em: EntityManager,
  labIds: readonly number[],
  userIds: readonly number[],
): Promise<number[]> {
  if (labIds.length === 0 || userIds.length === 0) return [];
  const found = await em.find(Membership, {
    lab_id: { $in: [...labIds] },
    user_id: { $in: [...userIds] },
  });
  return found.map(({ user_id }) => user_id);
}

/**
 * Finds a membership and its user.
 * @param hold locks the membership until the transaction ends, so that it can be changed or deleted
 */
export async function findMember(
  em: EntityManager,
  labId: number,
  userId: number,
  hold?: 'to change',
): Promise<Member | null> {
  const [row] = await em.execute<MemberRow[]>(
    `${memberRows} where m.lab_id = ? and m.user_id = ? ${hold ? 'for update of m' : ''}`,
    [labId, userId],
  );
  return row ? memberOf(em, row) : null;
}

interface MemberRow {
  role: Role;
  member_since: string;
}

const memberRows = `select u.*, m.role, m.created_at as member_since
  from memberships m join users u on u.id = m.user_id`;

function memberOf(em: EntityManager, { role, member_since, ...user }: MemberRow): Member {
  return { user: em.map(User, user), role, created_at: new Date(member_since) };
}

/** Creates or changes a membership. Throws `foreign_key_violation` if the lab or the user does not exist. */
export async function setMember(
  em: EntityManager,
  labId: number,
  userId: number,
  role: Role,
): Promise<void> {
  await em.execute(
    `insert into memberships (lab_id, user_id, role) values (?, ?, ?)
     on conflict (lab_id, user_id) do update set role = excluded.role`,
    [labId, userId, role],
    'run',
  );
}

/** Deletes a membership. Returns false if the user is not a member of the lab. */
export async function removeMember(
  em: EntityManager,
  labId: number,
  userId: number,
): Promise<boolean> {
  return (await em.nativeDelete(Membership, { lab_id: labId, user_id: userId })) > 0;
}
