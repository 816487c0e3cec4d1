/** Checks what must be true of every repository after the storm. */
import { fsck } from '../../helpers/git.ts';
import { isDone } from './log.ts';
import { type Landed, lineOf, pathOf, refsOf, tagsOf } from './versions.ts';
import type { Shared } from './worker.ts';
import type { Target } from './world.ts';

/** The violations, one sentence each. */
export async function gitViolations(shared: Shared, target: Target): Promise<string[]> {
  const { world } = shared;
  const line = await lineOf(world, target);
  const tags = await tagsOf(pathOf(world, target));
  const broken = await fsck(pathOf(world, target)).then(
    () => [],
    (error: Error) => [`git fsck: ${error.message}`],
  );
  return [
    ...broken,
    ...line.flatMap((landed, i) => lineViolations(landed, line[i - 1])),
    ...(tags.size === line.length ? [] : [`${line.length} versions, but ${tags.size} tags`]),
    ...(await listAcknowledged(shared, target, line)),
  ];
}

function lineViolations(
  { version, commit, parents, tagged, record }: Landed,
  before?: Landed,
): string[] {
  return [
    ...(parents.join() === (before?.commit ?? '')
      ? []
      : [`${commit}, version ${version}, has the parents ${parents.join() || 'none'}`]),
    ...(tagged === commit ? [] : [`v${version} is ${tagged}, not ${commit}`]),
    ...(record?.version === version && record.commit === commit
      ? []
      : [`the record of v${version} names v${record?.version} at ${record?.commit}`]),
  ];
}

/**
 * Checks that acknowledged changes are there: pushes to `main`, and heads of open merge requests with their branches.
 */
async function listAcknowledged(
  { world, log, mergeRequests }: Shared,
  target: Target,
  line: Landed[],
): Promise<string[]> {
  const commits = new Set(line.map(({ commit }) => commit));
  const lost = log.filter(
    (entry) =>
      entry.target === target.name &&
      entry.what.startsWith('push to main') &&
      isDone(entry) &&
      !commits.has(entry.commit as string),
  );
  const refs = await refsOf(world, target);
  const astray: string[] = [];
  for (const id of mergeRequests.get(target.name) ?? []) {
    const { body } = await world.as(world.admin, 'GET', `/api/merge-requests/${id}`);
    if (body.state !== 'open') continue;
    const head = refs.get(`refs/merge-requests/${id}/head`);
    if (head !== body.head) astray.push(`!${id} is open at ${body.head}, its ref at ${head}`);
    const branch = refs.get(body.source_ref);
    if (body.source_ref.startsWith('refs/heads/') && branch !== body.head) {
      astray.push(`!${id} is open at ${body.head}, its branch ${body.source_ref} at ${branch}`);
    }
  }
  return [...lost.map(({ commit }) => `${commit} was pushed to main, and is not on it`), ...astray];
}
