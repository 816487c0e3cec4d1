/** Checks who approved which version, and whether these approvals sufficed. */
import { git } from '../../helpers/git.ts';
import { type Entry, isDone, type Log, verdictOf } from './log.ts';
import { policiesIn, rolesIn, type Trail } from './settings.ts';
import { baseOf, changesBetween, type Landed, pathOf } from './versions.ts';
import type { Shared } from './worker.ts';
import type { Target } from './world.ts';

/** The parts of a merge request's page that the checks use. */
export interface Page {
  state: string;
  merged_version: number | null;
  head: string;
  author: { id: number };
  heads: { head: string; base: string | null; pushed_by: { id: number } | null }[];
}

/**
 * Checks that an admin gave each approval in the record, for this list of changes. `line` has all versions of the
 * definition, oldest first.
 */
export async function approvalViolations(
  shared: Shared,
  { target, version, record }: Landed,
  line: Landed[],
  merge: Entry,
  page: Page,
  trail: Trail,
): Promise<string[]> {
  const found: string[] = [];
  const cwd = pathOf(shared.world, target);
  const listOf = async (head: string) => {
    const base = await baseOf(cwd, line, version, head);
    return JSON.stringify([...(await changesBetween(cwd, base, head))]);
  };
  for (const { by, head, at } of record.approvals) {
    const given = trail.some(
      ({ action, subject_id, actor_id, after }) =>
        action === 'merge_request.reviewed' &&
        subject_id === record.merge_request &&
        actor_id === by.id &&
        (after as { verdict: string }).verdict === 'approve' &&
        (after as { head: string }).head === head,
    );
    const landedAt = Date.parse(record.landed_at);
    const roles = rolesIn(shared, target.lab, by.id, trail, merge.start, landedAt);
    if (!given) found.push(`${by.username} never approved ${head}`);
    if (at > record.landed_at) found.push(`${by.username} approved it after it landed`);
    if (!roles.includes('admin')) found.push(`${by.username} is ${roles}`);
    if ((await listOf(head)) !== (await listOf(page.head))) {
      found.push(`${by.username} approved ${head}, which changes other things than ${page.head}`);
    }
  }
  const ids = record.approvals.map(({ by }) => by.id);
  if (new Set(ids).size < ids.length) found.push('a person is counted twice');
  return found;
}

/**
 * Checks that the approvals satisfy one of the policies in force. A version with an override must have the reason that
 * was given.
 */
export async function policyViolations(
  shared: Shared,
  { target, record }: Landed,
  merge: Entry,
  page: Page,
  trail: Trail,
): Promise<string[]> {
  const reason = (merge.body as { override?: string } | undefined)?.override;
  const set = record.overrides.filter(({ code }) => code === 'policy');
  if (set.length > 0) {
    return reason && set.every(({ message }) => message.startsWith(`${reason} (set aside: `))
      ? []
      : ['its override has another reason than the one given'];
  }
  const landedAt = Date.parse(record.landed_at);
  const policies = policiesIn(shared, target.lab, trail, merge.start, landedAt);
  const involved = await involvedIn(shared, target, page);
  const own = record.approvals.filter(({ by }) => involved.has(by.id));
  const suffices = policies.some(
    ({ required_approvals, allow_self_approval }) =>
      record.approvals.length >= required_approvals && (allow_self_approval || own.length === 0),
  );
  const names = (of: typeof own) => of.map(({ by }) => by.username).join(', ') || 'nobody';
  return [
    ...(suffices
      ? []
      : [
          `${names(record.approvals)} approved it, ${names(own)} of them their own; the policy was ${policies
            .map(({ required_approvals: n, allow_self_approval: self }) => `${n}, ${self}`)
            .join(' or ')}`,
        ]),
    ...opponents(shared.log, merge)
      .filter((id) => {
        const roles = rolesIn(shared, target.lab, idOf(shared, id), trail, merge.start, landedAt);
        return roles.every((role) => role === 'admin');
      })
      .map((who) => `${who} had asked for changes`),
  ];
}

const idOf = ({ world }: Shared, username: string): number =>
  world.people.find((person) => person.username === username)?.id ?? 0;

/** People who had requested changes when the merge began, and who posted no other review during the merge. */
function opponents(log: Log, merge: Entry): string[] {
  const reviews = log
    .filter((entry) => entry.mergeRequest === merge.mergeRequest && isDone(entry))
    .filter((entry) => ['approve', 'request_changes'].includes(verdictOf(entry) ?? ''))
    .sort((a, b) => a.end - b.end);
  const last = new Map<string, string | undefined>();
  for (const entry of reviews) if (entry.end <= merge.start) last.set(entry.who, verdictOf(entry));
  const meanwhile = reviews.filter(({ start, end }) => end > merge.start && start < merge.end);
  for (const { who } of meanwhile) last.delete(who);
  return [...last].filter(([, verdict]) => verdict === 'request_changes').map(([who]) => who);
}

/** All people who opened, pushed or wrote one of its heads. */
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
