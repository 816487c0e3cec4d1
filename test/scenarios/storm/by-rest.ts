/** The actions of people who use the web interface. */
import { measurement, type Person } from '../../helpers/registry.ts';
import { policyKey, roleKey, setInTurn } from './settings.ts';
import { type Action, type Done, learn, outcomeOf, type Worker } from './worker.ts';
import { FILES, FIRST_POLICY, type Policy, type Target } from './world.ts';

const NEWEST = 4;

interface Page {
  id: number;
  state: string;
  can_merge: boolean;
  head: string;
}

/** Reads one of the newest merge requests for which `isFor` returns true, as this person sees it now. */
async function look(
  { world, random, mergeRequests }: Worker,
  who: Person,
  { name }: Target,
  isFor: (page: Page) => boolean,
): Promise<Page | undefined> {
  const known = [...(mergeRequests.get(name) ?? [])].slice(-NEWEST);
  while (known.length > 0) {
    const [id] = known.splice(random.int(known.length), 1);
    const { status, body } = await world.as(who, 'GET', `/api/merge-requests/${id}`);
    if (status === 200 && isFor(body)) return body;
  }
  return undefined;
}

/** Acts on a merge request, with the head that was just read. */
const onMergeRequest =
  (
    what: string,
    ask: (worker: Worker) => object,
    isFor: (page: Page, worker: Worker) => boolean = isOpen,
  ): Action =>
  async (worker, who, target) => {
    const page = await look(worker, who, target, (page) => isFor(page, worker));
    if (!page) return undefined;
    const form = ask(worker);
    const method = what === '' ? 'PUT' : 'POST';
    const path = `/api/merge-requests/${page.id}${what && `/${what}`}`;
    const body = TAKES_HEAD.includes(what) ? { ...form, head: page.head } : form;
    const answer = await worker.world.as(who, method, path, body);
    return { ...outcomeOf(answer), mergeRequest: page.id, commit: page.head, body: form };
  };

/** Operations that need a head. All other operations refuse a head. */
const TAKES_HEAD = ['reviews', 'rebase', 'merge'];

const isOpen = ({ state }: Page): boolean => state === 'open';
const isClosed = ({ state }: Page): boolean => state === 'closed';
/** Usually chooses a merge request that seems ready. The merge request may have changed since. */
const isMergeable = (page: Page, { random }: Worker): boolean =>
  isOpen(page) && (page.can_merge || random.chance(0.1));

const review = (verdict: string): Action => onMergeRequest('reviews', () => ({ verdict }));

const save: Action = async (worker, who, target) => {
  const { random, world } = worker;
  const file = random.pick(FILES);
  const text = `${random.int(1e9)}\n`;
  const form = random.chance(0.3)
    ? { source_code: measurement(target.name, random.int(1e9)) }
    : { files: { [file]: text } };
  const answer = await world.as(who, 'PUT', `/api/instrument-definitions/${target.id}`, form);
  return openedOutcome(worker, target, answer);
};

function openedOutcome(
  worker: Worker,
  target: Target,
  answer: Awaited<ReturnType<Worker['world']['as']>>,
): Done {
  const id = answer.body?.merge_request?.id;
  if (id !== undefined) learn(worker, target, id);
  return { ...outcomeOf(answer), ...(id !== undefined && { mergeRequest: id }) };
}

const REASON = 'the storm asks for it';

const rollback: Action = async (worker, who, target) => {
  const { random, world } = worker;
  const form = {
    version: 1 + random.int(4),
    reason: REASON,
    ...(random.chance(0.3) && { override: REASON }),
  };
  const path = `/api/instrument-definitions/${target.id}/rollback`;
  return { ...openedOutcome(worker, target, await world.as(who, 'POST', path, form)), body: form };
};

const judge: Action = async ({ random, world }, who, { id }) => {
  const verb = random.pick(['deprecate', 'revoke', 'reinstate']);
  const path = `/api/instrument-definitions/${id}/versions/${1 + random.int(3)}/${verb}`;
  return outcomeOf(await world.as(who, 'POST', path, { reason: `${REASON} (${verb})` }));
};

const setPolicy: Action = async (worker, who, { lab }) => {
  const { random, world } = worker;
  const policy: Policy = {
    required_approvals: random.pick([0, 1, 1, 1, 2]),
    allow_self_approval: random.chance(0.3),
    direct_landing: random.chance(0.6) ? 'admins' : 'nobody',
  };
  return await setInTurn(worker, policyKey(lab), FIRST_POLICY, policy, () =>
    world.as(who, 'PUT', `/api/labs/${lab.id}`, policy),
  );
};

const setRole: Action = async (worker, who, { lab }) => {
  const { random, world } = worker;
  const { id } = lab.changing;
  const role = { role: random.pick(['admin', 'contributor']) };
  return await setInTurn(worker, roleKey(lab, id), { role: 'contributor' }, role, () =>
    world.as(who, 'PUT', `/api/labs/${lab.id}/members/${id}`, role),
  );
};

export const BY_REST: Record<string, [weight: number, admin: boolean, action: Action]> = {
  approve: [24, true, review('approve')],
  'request changes': [3, true, review('request_changes')],
  'say something in a review': [2, false, review('comment')],
  comment: [2, false, onMergeRequest('comments', () => ({ body: 'Why?' }))],
  merge: [30, true, onMergeRequest('merge', () => ({}), isMergeable)],
  'break the glass': [3, true, onMergeRequest('merge', () => ({ override: REASON }))],
  rebase: [6, false, onMergeRequest('rebase', () => ({}))],
  'mark as draft or ready': [
    2,
    true,
    onMergeRequest('', ({ random }) => ({ draft: random.chance(0.3) })),
  ],
  close: [2, true, onMergeRequest('close', () => ({}))],
  reopen: [2, true, onMergeRequest('reopen', () => ({}), isClosed)],
  save: [6, false, save],
  'roll back': [3, true, rollback],
  'judge a version': [4, true, judge],
  'set the policy': [2, true, setPolicy],
  'change a role': [2, true, setRole],
};
