/** What must be true after a registry was killed and restarted: git, the database and the audit trail agree. */
import { createClient } from '../../../client/typescript/client.ts';
import type { AuditEvent } from '../../../registry/schemas/audit.ts';
import type { MergeRequestPage } from '../../../registry/schemas/review.ts';
import { git } from '../../helpers/git.ts';
import { basic, type World } from './people.ts';

/** The violations, one sentence each. */
export async function violations(world: World, url: string): Promise<string[]> {
  const client = createClient({ url, token: world.admin });
  const lines = await client.exportAudit({ lab_id: world.labId });
  const trail = lines
    .split('\n')
    .filter(Boolean)
    .map((line): AuditEvent => JSON.parse(line));
  const found: string[] = [];
  for (const name of world.names) {
    const refs = await refsOf(world, url, name);
    const { id, version, head } = await client.definitions.byName(name);
    const pages = await pagesOf(client, id);
    const say = (text: string) => found.push(`${name}: ${text}`);
    if (refs.get('refs/heads/main') !== head) say(`main is at another commit than the index`);
    if (refs.get(`refs/tags/v${version}^{}`) !== head) say(`v${version} is not the newest version`);
    if (refs.has(`refs/tags/v${(version ?? 0) + 1}`)) say(`the index lacks a version`);
    const landed = trail.filter(
      ({ action, subject }) => action === 'definition.landed' && subject === name,
    );
    if (landed.length !== version) say(`${version} versions, ${landed.length} entries of them`);
    for (const ref of refs.keys()) {
      const [, n] = /^refs\/merge-requests\/(\d+)\//.exec(ref) ?? [];
      if (n !== undefined && !pages.some(({ id }) => id === Number(n)))
        say(`${ref} is of no merge request`);
      const isBranch = ref.startsWith('refs/heads/') && ref !== 'refs/heads/main';
      if (isBranch && !pages.some(({ source_ref }) => source_ref === ref)) say(`${ref} is of none`);
    }
    for (const page of pages)
      found.push(...violationsOf(page, refs, trail).map((text) => `${name}: ${text}`));
    found.push(...promises(world, pages).map((text) => `${name}: ${text}`));
  }
  return found;
}

async function refsOf({ admin }: World, url: string, name: string): Promise<Map<string, string>> {
  const text = await git(['ls-remote', `${url}/definitions/${name}.git`], { env: basic(admin) });
  const lines = text.split('\n').filter(Boolean);
  return new Map(lines.map((line) => line.split('\t').toReversed() as [string, string]));
}

async function pagesOf(client: ReturnType<typeof createClient>, definition_id: number) {
  const pages: MergeRequestPage[] = [];
  for (let page = 1; ; page++) {
    const { items, total } = await client.mergeRequests.list({
      definition_id,
      page,
      per_page: 100,
    });
    for (const { id } of items) pages.push(await client.mergeRequests.read(id));
    if (pages.length >= total) return pages;
  }
}

const STATES: Record<string, string> = {
  'merge_request.opened': 'open',
  'merge_request.reopened': 'open',
  'merge_request.merged': 'merged',
  'merge_request.closed': 'closed',
};

function violationsOf(
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

/**
 * Checks what the registry had acknowledged. A head must still be listed, even if newer heads exist. Closed merge
 * requests must still be closed, because nobody in this test reopens them.
 */
function promises({ acknowledged, decided }: World, pages: MergeRequestPage[]): string[] {
  const byId = new Map(pages.map((page) => [page.id, page]));
  return [
    ...acknowledged
      .filter(
        ({ id, head }) => byId.has(id) && !byId.get(id)?.heads.some((one) => one.head === head),
      )
      .map(({ id, head }) => `!${id} has lost ${head}, which was acknowledged`),
    ...decided
      .filter(({ id, state }) => byId.has(id) && byId.get(id)?.state !== state)
      .map(({ id, state }) => `!${id} was told to be ${state}, and is ${byId.get(id)?.state}`),
  ];
}
