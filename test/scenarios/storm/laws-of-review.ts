/** What must be true of every version that landed in the storm: it had what the policy of that time asked for. */

import type { AuditEvent } from '../../../registry/store/entities/index.ts';
import { git } from '../../helpers/git.ts';
import { type Entry, isDone } from './log.ts';
import { changesBetween, type Landed, lineOf, pathOf } from './versions.ts';
import type { Shared } from './worker.ts';
import { isAdminOf, type Policy, type Target } from './world.ts';

export type Trail = AuditEvent[];

/** Violations, each a sentence. */
export async function lawsOfReview(
  shared: Shared,
  target: Target,
  trail: Trail,
): Promise<string[]> {
  const line = await lineOf(shared.world, target);
  const found: string[] = [];
  for (const landed of line) {
    const laws = landed.record.merge_request === null ? directLaws : mergedLaws;
    const violations = await laws(shared, landed, trail);
    found.push(...violations.map((text) => `v${landed.version}: ${text}`));
  }
  return [...found, ...(await mergedOnce(shared, target, line, trail))];
}

/** Landed by an admin where admins might, or with a reason. */
async function directLaws(shared: Shared, landed: Landed, trail: Trail): Promise<string[]> {
  const { target, record } = landed;
  const { landed_by, landed_at, overrides } = record;
  const at = Date.parse(landed_at);
  const during = shared.log.filter(
    ({ target: name, who, start, end }) =>
      name === target.name && who === landed_by?.username && start <= at && at <= end,
  );
  const start = Math.min(at, ...during.map(({ start }) => start));
  const policies = inForce(shared, target, trail, start, at);
  return [
    ...(landed_by && isAdminOf(shared.world, target.lab, landed_by.id)
      ? []
      : [`${landed_by?.username} landed it and is no admin`]),
    ...(overrides.some(({ code }) => code === 'policy') ||
    policies.some(({ direct_landing }) => direct_landing === 'admins')
      ? []
      : ['it landed directly, where nobody might']),
  ];
}

async function mergedLaws(shared: Shared, landed: Landed, trail: Trail): Promise<string[]> {
  const { world, log } = shared;
  const { target, record } = landed;
  const id = record.merge_request as number;
  const merges = log.filter(
    (entry) => entry.mergeRequest === id && /^merge|^break/.test(entry.what) && isDone(entry),
  );
  const [merge] = merges;
  if (!merge || merges.length > 1) return [`${merges.length} answers say that !${id} is merged`];
  const { body: page } = await world.as(world.admin, 'GET', `/api/merge-requests/${id}`);
  const policies = inForce(shared, target, trail, merge.start, Date.parse(record.landed_at));
  const reviews = trail.filter(
    ({ action, subject_id }) => action === 'merge_request.reviewed' && subject_id === id,
  );
  const involved = await involvedIn(shared, target, page);
  return [
    ...(page.state === 'merged' && page.merged_version === landed.version
      ? []
      : [`!${id} is ${page.state} as version ${page.merged_version}`]),
    ...(merge.commit === page.head ? [] : [`!${id} was looked at at ${merge.commit}`]),
    ...(await approvalLaws(shared, landed, reviews, page)),
    ...policyLaws(shared, landed, merge, policies, involved),
    ...trailerLaws(landed),
    ...(await contentLaws(shared, landed, page)),
  ];
}

interface Page {
  head: string;
  author: { id: number };
  heads: { head: string; base: string | null; pushed_by: { id: number } | null }[];
}

/** Each approval in the record was given, by an admin, to this list of changes, and was that person's last word. */
async function approvalLaws(
  { world }: Shared,
  { target, record }: Landed,
  reviews: Trail,
  page: Page,
): Promise<string[]> {
  const found: string[] = [];
  const cwd = pathOf(world, target);
  const baseOf = (head: string) => page.heads.find((one) => one.head === head)?.base ?? null;
  const listOf = async (head: string) =>
    JSON.stringify([...(await changesBetween(cwd, baseOf(head), head))]);
  for (const { by, head, at } of record.approvals) {
    const own = reviews.filter(({ actor_id }) => actor_id === by.id);
    const given = own.filter(({ after }) => {
      const { verdict, head: seen } = after as { verdict: string; head: string };
      return verdict === 'approve' && seen === head;
    });
    if (given.length === 0) found.push(`${by.username} never approved ${head}`);
    if (at > record.landed_at) found.push(`${by.username} approved it after it landed`);
    if (!isAdminOf(world, target.lab, by.id)) found.push(`${by.username} is no admin`);
    if ((await listOf(head)) !== (await listOf(page.head))) {
      found.push(`${by.username} approved ${head}, which changes other things than ${page.head}`);
    }
  }
  const names = record.approvals.map(({ by }) => by.id);
  if (new Set(names).size < names.length) found.push('somebody is counted twice');
  return found;
}

/** The approvals suffice by one of the policies in force, or it has a reason why not. */
function policyLaws(
  { log }: Shared,
  { record }: Landed,
  merge: Entry,
  policies: Policy[],
  involved: Set<number>,
): string[] {
  const reason = (merge.asked as { override?: string } | undefined)?.override;
  const set = record.overrides.filter(({ code }) => code === 'policy');
  if (set.length > 0) {
    return reason && set.every(({ message }) => message.startsWith(`${reason} (set aside: `))
      ? []
      : ['the reason of its override is not the one that was given'];
  }
  const own = record.approvals.some(({ by }) => involved.has(by.id));
  const suffices = policies.some(
    ({ required_approvals, allow_self_approval }) =>
      record.approvals.length >= required_approvals && (allow_self_approval || !own),
  );
  const last = new Map<string, string>();
  const before = log
    .filter(({ mergeRequest, end }) => mergeRequest === merge.mergeRequest && end <= merge.start)
    .sort((a, b) => a.end - b.end);
  for (const entry of before) {
    const { verdict } = (entry.asked ?? {}) as { verdict?: string };
    if (verdict && verdict !== 'comment' && isDone(entry)) last.set(entry.who, verdict);
  }
  const against = [...last].filter(([, verdict]) => verdict === 'request_changes');
  const changed = against.filter(([who]) => !changedMind(log, merge, who));
  return [
    ...(suffices
      ? []
      : [
          `${record.approvals.map(({ by }) => by.username).join() || 'nobody'} approved it` +
            `${own ? ', somebody of them their own' : ''}; the policy was ${JSON.stringify(policies)}`,
        ]),
    ...changed.map(([who]) => `${who} had asked for changes`),
  ];
}

/** Whether they said something else while it was being merged. */
const changedMind = (log: Entry[], merge: Entry, who: string): boolean =>
  log.some(
    (entry) =>
      entry.who === who &&
      entry.mergeRequest === merge.mergeRequest &&
      (entry.asked as { verdict?: string } | undefined)?.verdict === 'approve' &&
      isDone(entry) &&
      entry.end > merge.start &&
      entry.start < merge.end,
  );

/** Whoever opened, pushed or wrote any of its heads. */
async function involvedIn({ world }: Shared, target: Target, page: Page): Promise<Set<number>> {
  const cwd = pathOf(world, target);

  const emails = new Set<string>();
  for (const { head, base } of page.heads) {
    const range = base === null ? [head] : [head, `^${base}`];
    const format = '--format=%ae%n%(trailers:key=Co-authored-by,valueonly)';
    const text = await git(['log', format, ...range], { cwd });
    for (const [email] of text.matchAll(/[^\s<>]+@[^\s<>]+/g)) emails.add(email);
  }
  const wrote = world.people.filter(({ username }) => emails.has(`${username}@lab.example`));
  const pushed = page.heads.flatMap(({ pushed_by }) => pushed_by?.id ?? []);
  return new Set([page.author.id, ...pushed, ...wrote.map(({ id }) => id)]);
}

/** The commit says what the record says. */
function trailerLaws({ record, trailers }: Landed): string[] {
  const mailbox = ({ name, email }: { name: string; email: string }) => `${name} <${email}>`;
  const expected = [
    `Merge-request: !${record.merge_request}`,
    ...record.approvals.map(({ by }) => `Approved-by: ${mailbox(by)}`),
    `Landed-by: ${record.landed_by && mailbox(record.landed_by)}`,
    ...record.overrides.map(({ message }) => `Override: ${message}`),
  ];
  const own = trailers.filter((line) => !line.startsWith('Co-authored-by:'));
  return own.join('\n') === expected.join('\n')
    ? []
    : [`its trailers are ${JSON.stringify(own)}, not ${JSON.stringify(expected)}`];
}

/** What landed is what the head changes, no more and no less. */
async function contentLaws({ world }: Shared, landed: Landed, page: Page): Promise<string[]> {
  const cwd = pathOf(world, landed.target);
  const base = page.heads.findLast(({ head }) => head === page.head)?.base ?? null;
  const asked = await changesBetween(cwd, base, page.head);
  const did = await changesBetween(cwd, landed.parents[0] ?? null, landed.commit);
  const wrong = [...did].filter(([path, { new: now }]) => asked.get(path)?.new !== now);
  return wrong.map(([path]) => `${path} did not land as it was reviewed`);
}

/** A merge request lands once, and whatever says that it is merged names the version that it became. */
async function mergedOnce(
  { world, mergeRequests, log }: Shared,
  target: Target,
  line: Landed[],
  trail: Trail,
): Promise<string[]> {
  const found: string[] = [];
  for (const id of mergeRequests.get(target.name) ?? []) {
    const versions = line.filter(({ record }) => record.merge_request === id);
    const noted = trail.filter(
      ({ action, subject_id }) => action === 'merge_request.merged' && subject_id === id,
    );
    const { body } = await world.as(world.admin, 'GET', `/api/merge-requests/${id}`);
    const isMerged = body.state === 'merged';
    if (versions.length > 1) found.push(`!${id} landed ${versions.length} times`);
    if (versions.length !== Number(isMerged)) found.push(`!${id} is ${body.state}`);
    if (noted.length !== versions.length) found.push(`!${id}: ${noted.length} audit entries`);
    const told = log.filter(
      (entry) => entry.mergeRequest === id && /^merge|^break/.test(entry.what) && isDone(entry),
    );
    if (told.length !== versions.length) found.push(`!${id}: ${told.length} answers of success`);
  }
  return found;
}

/**
 * Policies that may have been looked at between two times: from its entry in the audit trail on, until the change
 * that replaced it was answered.
 */
function inForce(
  { policies }: Shared,
  { lab }: Target,
  trail: Trail,
  from: number,
  to: number,
): Policy[] {
  const set = policies.get(lab) ?? [];
  const first = trail.find(
    ({ action, subject_id }) => action === 'lab.created' && subject_id === lab.id,
  );
  const changes = trail.filter(
    ({ action, subject_id }) => action === 'lab.changed' && subject_id === lab.id,
  );
  if (changes.length !== set.length) throw new Error('the audit trail lacks a change of policy');
  return [first, ...changes]
    .map((event, i) => ({
      policy: event?.after as unknown as Policy,
      since: event?.at.getTime() ?? 0,
      until: set[i]?.end ?? Number.POSITIVE_INFINITY,
    }))
    .filter(({ since, until }) => since <= to && until >= from)
    .map(({ policy }) => policy);
}
