/** The actions of people who use git. The git program performs these actions. */
import { git, gitResult } from '../../helpers/git.ts';
import { measurement, type Person } from '../../helpers/registry.ts';
import { type Action, type Done, learn, type Worker } from './worker.ts';
import { FILES, type Target } from './world.ts';

/** Messages of legitimate refusals of a push, by the server or by git itself. */
const REFUSALS =
  /\[remote rejected\]|\[rejected\]|remote ref does not exist|'\S+' not found|atomic push failed/;

const address = ({ world }: Worker, { token }: Person, { name }: Target): string =>
  world.gitUrl(name, token);

/** Fetches a ref and returns its commit; undefined if the ref does not exist (any more). */
async function fetchCommit(worker: Worker, url: string, ref: string): Promise<string | undefined> {
  const { folder: cwd } = worker;
  const { code, stderr } = await gitResult(['fetch', '-q', url, `+${ref}:refs/now`], { cwd });
  if (code === 0) return (await git(['rev-parse', 'refs/now'], { cwd })).trim();
  if (/couldn't find remote ref|'\S+' not found/.test(stderr)) return undefined;
  // The ref has moved since git asked for it. A ref can move between two requests of git on every server.
  if (/not our ref/.test(stderr)) return await fetchCommit(worker, url, ref);
  throw new Error(`fetch ${ref}: ${stderr}`);
}

/**
 * Creates a commit on top of `parent` (git-fast-import(1)). The author of the commit is usually the pusher, and
 * sometimes there are co-authors.
 */
async function commit(
  { random, folder, world }: Worker,
  who: Person,
  { name }: Target,
  parent: string | undefined,
): Promise<string> {
  const author = random.chance(0.15) ? random.pick(world.people) : who;
  const helper = random.chance(0.1) ? mailbox(random.pick(world.people)) : undefined;
  const broken = random.chance(0.05);
  const source = measurement(name, random.int(1e9)) + (broken ? 'def broken(:\n' : '');
  const files: [string, string][] =
    parent === undefined || broken || random.chance(0.3)
      ? [[`${name}.py`, source]]
      : [[random.pick(FILES), `${random.int(1e9)}\n`]];
  const message = `Change ${files[0]?.[0]}\n${helper ? `\nCo-authored-by: ${helper}\n` : ''}`;
  const at = `${Math.floor(Date.now() / 1000)} +0000`;
  const lines = [
    'commit refs/made',
    'mark :1',
    `author ${mailbox(author)} ${at}`,
    `committer ${mailbox(who)} ${at}`,
    data(message),
    ...(parent === undefined ? [] : [`from ${parent}`]),
    ...files.flatMap(([path, text]) => [`M 100644 inline ${path}`, data(text)]),
    'get-mark :1',
    '',
  ];
  const args = ['fast-import', '--quiet', '--force'];
  return (await git(args, { cwd: folder, input: lines.join('\n') })).trim();
}

const mailbox = ({ username }: Person): string => `${username} <${username}@lab.example>`;
const data = (text: string): string => `data ${Buffer.byteLength(text)}\n${text}`;

async function push(worker: Worker, url: string, target: Target, args: string[]): Promise<Done> {
  const { code, stderr } = await gitResult(['push', url, ...args], { cwd: worker.folder });
  for (const [, id] of stderr.matchAll(/Merge request !(\d+)/g)) learn(worker, target, Number(id));
  const answer = code === 0 ? 'ok' : REFUSALS.test(stderr) ? 'refused' : 'failed';
  return { answer, detail: stderr };
}

const pushForReview: Action = async (worker, who, target) => {
  const url = address(worker, who, target);
  const made = await commit(worker, who, target, await fetchCommit(worker, url, 'refs/heads/main'));
  return { ...(await push(worker, url, target, [`${made}:refs/for/main`])), commit: made };
};

/** Pushes on top of a head under review, no matter who opened it. */
const pushMore: Action = async (worker, who, target) => {
  const { random, mergeRequests } = worker;
  const known = [...(mergeRequests.get(target.name) ?? [])].slice(-3);
  if (known.length === 0) return undefined;
  const url = address(worker, who, target);
  const head = await fetchCommit(worker, url, `refs/merge-requests/${random.pick(known)}/head`);
  const made = await commit(worker, who, target, head);
  return { ...(await push(worker, url, target, [`${made}:refs/for/main`])), commit: made };
};

const BRANCHES = ['idea', 'other', 'third'];

const pushBranch =
  (force: boolean): Action =>
  async (worker, who, target) => {
    const url = address(worker, who, target);
    const ref = `refs/heads/${worker.random.pick(BRANCHES)}`;
    const from = (!force && (await fetchCommit(worker, url, ref))) || undefined;
    const parent = from ?? (await fetchCommit(worker, url, 'refs/heads/main'));
    const made = await commit(worker, who, target, parent);
    const args = [...(force ? ['--force'] : []), `${made}:${ref}`];
    return { ...(await push(worker, url, target, args)), commit: made };
  };

const deleteBranch: Action = async (worker, who, target) => {
  const ref = `refs/heads/${worker.random.pick(BRANCHES)}`;
  return await push(worker, address(worker, who, target), target, [`:${ref}`]);
};

const pushMain: Action = async (worker, who, target) => {
  const url = address(worker, who, target);
  const main = await fetchCommit(worker, url, 'refs/heads/main');
  let made = await commit(worker, who, target, main);
  if (worker.random.chance(0.2)) made = await commit(worker, who, target, made);
  return { ...(await push(worker, url, target, [`${made}:refs/heads/main`])), commit: made };
};

/** The push must move both refs or none. */
const pushMainAndBranch: Action = async (worker, who, target) => {
  const url = address(worker, who, target);
  const main = await fetchCommit(worker, url, 'refs/heads/main');
  const made = await commit(worker, who, target, main);
  const more = await commit(worker, who, target, made);
  const ref = `refs/heads/${worker.random.pick(BRANCHES)}`;
  const args = ['--atomic', `${made}:refs/heads/main`, `+${more}:${ref}`];
  return { ...(await push(worker, url, target, args)), commit: made };
};

export const BY_GIT: Record<string, [weight: number, admin: boolean, action: Action]> = {
  'push for review': [10, false, pushForReview],
  'push more': [4, false, pushMore],
  'push a branch': [6, false, pushBranch(false)],
  'force-push a branch': [3, false, pushBranch(true)],
  'delete a branch': [2, false, deleteBranch],
  'push to main': [6, true, pushMain],
  'push to main with a branch': [2, true, pushMainAndBranch],
};
