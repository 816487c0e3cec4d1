/**
 * Sets policies and roles one after another. The test then knows which policies and roles were in force at each time.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AuditEvent } from '../../../registry/store/entities/index.ts';
import type { Answer } from './send.ts';
import { type Done, outcomeOf, type Shared } from './worker.ts';
import type { Policy, StormLab } from './world.ts';

export type Trail = AuditEvent[];

export const policyKey = ({ id }: StormLab): string => `policy ${id}`;
export const roleKey = ({ id }: StormLab, user: number): string => `role ${id} ${user}`;

const turns = new Map<string, Promise<unknown>>();

/** Sets one value at a time for each key. Skips a value that is already set, because it adds no audit entry. */
export async function setInTurn(
  { settings }: Shared,
  key: string,
  first: object,
  value: object,
  ask: () => Promise<Answer>,
): Promise<Done | undefined> {
  const work = async () => {
    const before = settings.get(key) ?? [];
    if (isDeepStrictEqual(before.at(-1)?.value ?? first, value)) return undefined;
    const answer = await ask();
    if (answer.status === 200) settings.set(key, [...before, { value, end: Date.now() }]);
    return { ...outcomeOf(answer), body: value };
  };
  const turn = (turns.get(key) ?? Promise.resolve()).then(work, work);
  turns.set(key, turn);
  return await turn;
}

/** The policies that a landing may have read between two times. */
export const policiesIn = (
  shared: Shared,
  lab: StormLab,
  trail: Trail,
  from: number,
  to: number,
): Policy[] => {
  const events = trail.filter(
    ({ action, subject_id }) => /^lab\.(created|changed)$/.test(action) && subject_id === lab.id,
  );
  return inForce(shared, policyKey(lab), events, from, to);
};

/** The roles that a person may have had in the lab between two times. */
export const rolesIn = (
  shared: Shared,
  lab: StormLab,
  user: number,
  trail: Trail,
  from: number,
  to: number,
): string[] => {
  const { admin } = shared.world;
  if (user === admin.id) return ['admin'];
  const events = trail.filter(
    ({ action, subject_id, lab_id }) =>
      /^member\.(added|changed)$/.test(action) && subject_id === user && lab_id === lab.id,
  );
  const found = inForce<{ role: string }>(shared, roleKey(lab, user), events, from, to);
  return found.map(({ role }) => role);
};

/**
 * Finds with the audit trail which values were in force between two times. A value is in force from its audit entry
 * until the change that replaced it was answered.
 */
function inForce<T>(
  { settings }: Shared,
  key: string,
  events: Trail,
  from: number,
  to: number,
): T[] {
  const set = settings.get(key) ?? [];
  if (events.length - set.length !== Math.min(events.length, 1)) {
    throw new Error(`${key}: ${events.length} entries in the audit trail, ${set.length} changes`);
  }
  return events
    .map(({ at, after }, i) => ({
      value: after as T,
      since: at.getTime(),
      until: set[i]?.end ?? Number.POSITIVE_INFINITY,
    }))
    .filter(({ since, until }) => since <= to && until >= from)
    .map(({ value }) => value);
}
