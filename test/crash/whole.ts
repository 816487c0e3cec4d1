/** What must be true of every registry that nobody is changing: git, the database and the audit trail agree. */
import type { AuditEvent } from '../../registry/schemas/audit.ts';
import type { MergeRequestPage } from '../../registry/schemas/review.ts';
import type { Found, FoundDefinition } from './found.ts';

/** The violations, one sentence each. */
export const halfDone = ({ definitions, trail }: Found): string[] =>
  definitions.flatMap((definition) =>
    [
      ...versionViolations(definition, trail),
      ...refViolations(definition),
      ...definition.pages.flatMap((page) => reviewViolations(page, definition.refs, trail)),
    ].map((text) => `${definition.name}: ${text}`),
  );

function versionViolations(
  { name, version, head, versions, line, refs }: FoundDefinition,
  trail: AuditEvent[],
): string[] {
  const found: string[] = [];
  const inGit = line.map(({ commit }, i) => `v${i + 1} ${commit}`).join();
  const inIndex = versions.map(({ version, commit }) => `v${version} ${commit}`).join();
  if (inGit !== inIndex) found.push(`git has ${inGit}, but the index ${inIndex}`);
  if (refs.get('refs/heads/main') !== head) found.push('main is at another commit than the index');
  for (const [i, { commit }] of line.entries())
    if (refs.get(`refs/tags/v${i + 1}^{}`) !== commit) found.push(`v${i + 1} is not ${commit}`);
  if (line.length !== version) found.push(`${line.length} commits, but version ${version}`);
  if (refs.has(`refs/tags/v${line.length + 1}`)) found.push('there are more tags than versions');
  const landed = trail.filter(
    ({ action, subject }) => action === 'definition.landed' && subject === name,
  );
  if (landed.length !== version)
    found.push(`${version} versions, but ${landed.length} entries of them in the audit trail`);
  return found;
}

/** Every ref of a review belongs to a merge request. */
function refViolations({ refs, pages }: FoundDefinition): string[] {
  const found: string[] = [];
  for (const ref of refs.keys()) {
    const [, n] = /^refs\/merge-requests\/(\d+)\//.exec(ref) ?? [];
    if (n !== undefined && !pages.some(({ id }) => id === Number(n)))
      found.push(`${ref} is of no merge request`);
    const isBranch = ref.startsWith('refs/heads/') && ref !== 'refs/heads/main';
    if (isBranch && !pages.some(({ source_ref }) => source_ref === ref))
      found.push(`${ref} is of no merge request`);
  }
  return found;
}

const STATES: Record<string, string> = {
  'merge_request.opened': 'open',
  'merge_request.reopened': 'open',
  'merge_request.merged': 'merged',
  'merge_request.closed': 'closed',
};

function reviewViolations(
  page: MergeRequestPage,
  refs: Map<string, string>,
  trail: AuditEvent[],
): string[] {
  const { id, state, head, source_ref } = page;
  const entries = trail.filter(
    ({ subject_type, subject_id }) => subject_type === 'merge_request' && subject_id === id,
  );
  const found: string[] = [];
  const same = (what: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) !== JSON.stringify(b)) found.push(`!${id}: ${what}: ${a}, but ${b}`);
  };
  same('its ref', refs.get(`refs/merge-requests/${id}/head`), head);
  same('its last head', page.heads.at(-1)?.head, head);
  const pushes = entries.filter(({ action }) => /\.(opened|updated)$/.test(action));
  const pushed = pushes.map(({ after }) => (after as { head: string }).head);
  same('its heads and the trail', page.heads.map(({ head }) => head).join(), pushed.join());
  const states = entries.flatMap(({ action }) => STATES[action] ?? []);
  same('its state and the trail', state, states.at(-1));
  same('opened once', entries.filter(({ action }) => action === 'merge_request.opened').length, 1);
  const lastEdit = entries.findLast(({ action }) => /\.(opened|edited)$/.test(action));
  const { title, draft } = (lastEdit?.after ?? {}) as { title?: string; draft?: boolean };
  same('its title and the trail', [page.title, page.draft].join(), [title, draft].join());
  const merged = refs.get(`refs/merge-requests/${id}/merge`);
  same('merged in git', merged !== undefined, state === 'merged');
  if (state === 'merged')
    same('what landed', refs.get(`refs/tags/v${page.merged_version}^{}`), merged);
  const merges = entries.filter(({ action }) => action === 'merge_request.merged');
  same('merged once', merges.length, Number(state === 'merged'));
  if (state === 'open' && source_ref.startsWith('refs/heads/')) {
    same('its branch', refs.get(source_ref), head);
  }
  return found;
}
