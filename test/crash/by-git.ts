/** What people do with the git program. */
import { git, gitResult } from '../helpers/git.ts';
import { measurement } from '../helpers/registry.ts';
import { blobOf, recorded } from './by-rest.ts';
import type { Answered, Sent } from './history.ts';
import type { World } from './world.ts';

/** A change by somebody who pushes from the bare repository `cwd`. */
export type GitAction = (world: World, url: string, cwd: string) => Promise<unknown>;

/** The password for git as environment variables. The password is in no file and on no command line. */
export const basic = (token: string): Record<string, string> => ({
  GIT_CONFIG_COUNT: '1',
  GIT_CONFIG_KEY_0: 'http.extraHeader',
  GIT_CONFIG_VALUE_0: `Authorization: Basic ${Buffer.from(`git:${token}`).toString('base64')}`,
});

interface Made {
  commit: string;
  mark: string;
  blob?: string;
}

/** Makes a commit (git-fast-import(1)). Every third commit changes the definition, the others a file beside it. */
async function commit(world: World, cwd: string, name: string, parent: string): Promise<Made> {
  const { random, history } = world;
  const mark = history.mark();
  const broken = random.chance(0.05);
  const source = measurement(name, random.int(1e9)) + (broken ? 'def broken(:\n' : '');
  const changesSource = broken || random.chance(0.3);
  const [path, text] = changesSource
    ? [`${name}.py`, source]
    : [random.pick(['a.txt', 'b.txt', 'c.txt']), `${random.int(1e9)}\n`];
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}`;
  const lines = [
    'commit refs/made',
    'mark :1',
    `committer Test <test@example.org> ${Math.floor(Date.now() / 1000)} +0000`,
    data(`${mark}\n`),
    `from ${parent}`,
    `M 100644 inline ${path}`,
    data(text),
    'get-mark :1',
    '',
  ];
  const args = ['fast-import', '--quiet', '--force'];
  const made = (await git(args, { cwd, input: lines.join('\n') })).trim();
  return { commit: made, mark, ...(changesSource && { blob: blobOf(text) }) };
}

/** Fetches `main`. Undefined if the registry does not answer. */
async function fetchMain(cwd: string, to: string, token: string): Promise<string | undefined> {
  const options = { cwd, env: basic(token) };
  const fetched = await gitResult(['fetch', '-q', to, '+refs/heads/main:refs/now'], options);
  if (fetched.code !== 0) return undefined;
  return (await git(['rev-parse', 'refs/now'], { cwd })).trim();
}

async function push(world: World, sent: Sent, args: string[], cwd: string, token: string) {
  await recorded(world, sent, async () => {
    const { code, stderr } = await gitResult(['push', ...args], { cwd, env: basic(token) });
    const version = /is now at version (\d+)/.exec(stderr)?.[1];
    return { ...answerOf(code, stderr), ...(version && { version: Number(version) }) };
  });
}

/**
 * Git shows a refusal by the registry for each ref. Without one, the connection was cut. A refusal because of a failure
 * promises no more than a 5xx does.
 */
function answerOf(code: number, stderr: string): Answered {
  if (code === 0) return { answer: 'done', detail: '' };
  const refused = /\[(remote )?rejected\]|remote ref does not exist/.test(stderr);
  const failed = /internal error|failed|unavailable/i.test(
    stderr.replace(/error: failed to push.*/, ''),
  );
  return { answer: refused && !failed ? 'refused' : 'unknown', detail: stderr };
}

const addressOf = (url: string, name: string): string => `${url}/definitions/${name}.git`;

/** Pushes one or two commits to `main`, sometimes together with a branch, and sometimes from an old version. */
const pushMain: GitAction = async (world, url, cwd) => {
  const { random, admin } = world;
  const name = random.pick(world.names);
  const to = addressOf(url, name);
  const main = await fetchMain(cwd, to, admin);
  if (main === undefined) return;
  const first = await commit(world, cwd, name, main);
  const made = random.chance(0.3) ? [first, await commit(world, cwd, name, first.commit)] : [first];
  const last = made.at(-1) as Made;
  const makes = made.map(({ mark }) => mark);
  const refs = [`${last.commit}:refs/heads/main`];
  if (random.chance(0.4)) {
    const more = await commit(world, cwd, name, last.commit);
    refs.push(`+${more.commit}:refs/heads/too`);
    makes.push(more.commit);
  }
  const sent = {
    what: `push to main (${refs.length} refs)`,
    about: name,
    mark: last.mark,
    makes,
    ...(last.blob && { blob: last.blob }),
  };
  await push(world, sent, ['--atomic', to, ...refs], cwd, admin);
};

const REFS = ['refs/heads/one', 'refs/heads/two', 'refs/for/main'];

/** Pushes a branch, two branches, or a commit for review. */
const pushForReview: GitAction = async (world, url, cwd) => {
  const { random, contributor } = world;
  const name = random.pick(world.names);
  const to = addressOf(url, name);
  const main = await fetchMain(cwd, to, contributor);
  if (main === undefined) return;
  const { commit: head, mark } = await commit(world, cwd, name, main);
  // A contributor may not push to `main`.
  const to_ref = random.chance(0.1) ? 'refs/heads/main' : random.pick(REFS);
  const refs = [`+${head}:${to_ref}`];
  if (random.chance(0.2)) refs.push(`+${head}:refs/heads/three`);
  const options = random.chance(0.3) ? ['-o', `title=Title ${mark}`, '-o', 'draft'] : [];
  const makes = [to_ref === 'refs/heads/main' ? mark : head];
  const sent = { what: `push ${refs.length} for review`, about: name, mark, makes };
  await push(world, sent, ['--atomic', ...options, to, ...refs], cwd, contributor);
};

const deleteBranch: GitAction = async (world, url, cwd) => {
  const { random, contributor } = world;
  const about = random.pick(world.names);
  const sent = { what: 'delete a branch', about, mark: '', makes: [] };
  await push(world, sent, [addressOf(url, about), `:${random.pick(REFS)}`], cwd, contributor);
};

export const BY_GIT: [weight: number, action: GitAction][] = [
  [4, pushMain],
  [6, pushForReview],
  [1, deleteBranch],
];
