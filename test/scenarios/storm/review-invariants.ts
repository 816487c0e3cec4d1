/** Checks what must be true of every version after the storm: it satisfied the policy of its time. */
import { approvalViolations, type Page, policyViolations } from './approval-invariants.ts';
import { isDone, isMerge, type Log } from './log.ts';
import { policiesIn, rolesIn, type Trail } from './settings.ts';
import { baseOf, changesBetween, type Landed, lineOf, pathOf } from './versions.ts';
import type { Shared } from './worker.ts';
import type { Target } from './world.ts';

/** The violations, one sentence each. */
export async function reviewViolations(
  shared: Shared,
  target: Target,
  trail: Trail,
): Promise<string[]> {
  const line = await lineOf(shared.world, target);
  const found: string[] = [];
  for (const landed of line) {
    const check = landed.record.merge_request === null ? directViolations : mergeViolations;
    const violations = await check(shared, landed, trail, line);
    found.push(...violations.map((text) => `v${landed.version}: ${text}`));
  }
  return [...found, ...(await mergedOnce(shared, target, line, trail))];
}

/** A version that landed directly: an admin landed it while admins could land directly, or gave a reason. */
async function directViolations(shared: Shared, landed: Landed, trail: Trail): Promise<string[]> {
  const { lab, name } = landed.target;
  const { landed_by, landed_at, overrides } = landed.record;
  const at = Date.parse(landed_at);
  const during = shared.log.filter(
    ({ target, who, start, end }) =>
      target === name && who === landed_by?.username && start <= at && at <= end,
  );
  const start = Math.min(at, ...during.map(({ start }) => start));
  const roles = landed_by ? rolesIn(shared, lab, landed_by.id, trail, start, at) : [];
  const mayLand = policiesIn(shared, lab, trail, start, at).some(
    ({ direct_landing }) => direct_landing === 'admins',
  );
  return [
    ...(roles.includes('admin') ? [] : [`${landed_by?.username} landed it as ${roles}`]),
    ...(mayLand || overrides.some(({ code }) => code === 'policy')
      ? []
      : ['it landed directly while nobody was allowed to']),
  ];
}

async function mergeViolations(
  shared: Shared,
  landed: Landed,
  trail: Trail,
  line: Landed[],
): Promise<string[]> {
  const { world, log } = shared;
  const id = landed.record.merge_request as number;
  const merges = mergesOf(log, id);
  const [merge] = merges;
  if (!merge || merges.length > 1) return [`${merges.length} answers say that !${id} is merged`];
  const { body } = await world.as(world.admin, 'GET', `/api/merge-requests/${id}`);
  const page: Page = body;
  return [
    ...(page.state === 'merged' && page.merged_version === landed.version
      ? []
      : [`!${id} is ${page.state} as version ${page.merged_version}`]),
    ...(merge.commit === page.head ? [] : [`!${id} was looked at at ${merge.commit}`]),
    ...(await approvalViolations(shared, landed, line, merge, page, trail)),
    ...(await policyViolations(shared, landed, merge, page, trail)),
    ...trailerViolations(landed),
    ...(await contentViolations(shared, landed, line, page)),
  ];
}

/** Checks that the trailers of the commit agree with the record. */
function trailerViolations({ record, trailers }: Landed): string[] {
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

/** Checks that the version changes exactly what the head changes. */
async function contentViolations(
  { world }: Shared,
  landed: Landed,
  line: Landed[],
  page: Page,
): Promise<string[]> {
  const cwd = pathOf(world, landed.target);
  const base = await baseOf(cwd, line, landed.version, page.head);
  const proposed = await changesBetween(cwd, base, page.head);
  const did = await changesBetween(cwd, landed.parents[0] ?? null, landed.commit);
  const there = await changesBetween(cwd, null, landed.commit);
  const gone = /^0+ /;
  return [
    ...[...did]
      .filter(([path, { new: now }]) => proposed.get(path)?.new !== now)
      .map(([path]) => `${path} did not land as it was reviewed`),
    ...[...proposed]
      .filter(([path, { new: now }]) => (gone.test(now) ? undefined : now) !== there.get(path)?.new)
      .map(([path]) => `what was reviewed of ${path} did not land`),
  ];
}

/** Checks that a merge request lands at most once, and that a merged one names its version. */
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
    if (versions.length > 1) found.push(`!${id} landed ${versions.length} times`);
    if (versions.length !== Number(body.state === 'merged')) found.push(`!${id} is ${body.state}`);
    found.push(...headViolations(id, body, trail));
    if (noted.length !== versions.length) found.push(`!${id}: ${noted.length} audit entries`);
    const merges = mergesOf(log, id);
    if (merges.length !== versions.length)
      found.push(`!${id}: ${merges.length} answers of success`);
  }
  return found;
}

/** Checks that the heads are those that were pushed: none is missing, and none is from a refused push. */
function headViolations(id: number, { heads }: Page, trail: Trail): string[] {
  const pushed = trail
    .filter(({ subject_id }) => subject_id === id)
    .filter(({ action }) => /^merge_request\.(opened|updated)$/.test(action))
    .map(({ after }) => (after as { head: string }).head);
  const shown = heads.map(({ head }) => head);
  return shown.toSorted().join() === pushed.toSorted().join()
    ? []
    : [`!${id} has the heads ${shown}, but was pushed to as ${pushed}`];
}

/** The answers that report the merge request as merged. */
const mergesOf = (log: Log, id: number): Log =>
  log.filter((entry) => entry.mergeRequest === id && isMerge(entry) && isDone(entry));
