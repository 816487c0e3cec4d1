/** Performs the git operations in docs/access.md with real git. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type GitResult, git, gitResult } from '../../helpers/git.ts';
import type { Asker } from './persons.ts';
import type { Thing } from './things.ts';
import { BRANCH, workspace } from './workspace.ts';
import type { World } from './world.ts';

export interface GitCell {
  world: World;
  thing: Thing;
  asker: Asker;
}

type Result = Pick<GitResult, 'code' | 'stderr'>;
type Operation = (cell: GitCell) => Promise<Result>;
type Ref = (thing: Thing) => string;

const address = ({ asker: { url, person }, thing: { name } }: GitCell): string => {
  const at = new URL(`${url}/definitions/${name}.git`);
  if (person) {
    at.username = 'git';
    at.password = person.token;
  }
  return at.href;
};

/** Creates an empty repository. git does not request objects that the repository already has. */
async function scratch({ dataDir }: World): Promise<string> {
  const cwd = await mkdtemp(join(dataDir, 'scratch-'));
  for (const folder of ['objects', 'refs'])
    await mkdir(join(cwd, '.git', folder), { recursive: true });
  await writeFile(join(cwd, '.git', 'HEAD'), 'ref: refs/heads/main\n');
  return cwd;
}

const fetching =
  (wanted: Ref): Operation =>
  async (cell) => {
    const cwd = await scratch(cell.world);
    return await gitResult(['fetch', '-q', address(cell), wanted(cell.thing)], { cwd });
  };

/** Pushes a commit on top of `main`. */
const pushing =
  (to: Ref, commit = async (_cwd: string) => 'HEAD'): Operation =>
  async (cell) => {
    const cwd = await workspace(cell.world, cell.thing.name);
    const refspec = `${await commit(cwd)}:${to(cell.thing)}`;
    return await gitResult(['push', '--force', address(cell), refspec], { cwd });
  };

/** Creates another commit with the same files: a root commit, or a replacement of `HEAD`. */
const unrelated = async (cwd: string): Promise<string> =>
  (await git(['commit-tree', '-m', 'Another', 'HEAD^{tree}'], { cwd })).trim();
const amended = async (cwd: string): Promise<string> =>
  (await git(['commit-tree', '-m', 'Another', '-p', 'HEAD~1', 'HEAD^{tree}'], { cwd })).trim();

/**
 * git deletes only refs that the server has shown to it. If git refuses to send a deletion, this function sends the
 * request that git would have sent.
 */
const deleting =
  (ref: Ref): Operation =>
  async (cell) => {
    const cwd = await scratch(cell.world);
    const result = await gitResult(['push', address(cell), `:${ref(cell.thing)}`], { cwd });
    if (!/remote ref does not exist/.test(result.stderr)) return result;
    return await sending(ref, 'delete')(cell);
  };

const ZERO = '0'.repeat(40);
const EMPTY_PACK = Buffer.from('PACK\0\0\0\x02\0\0\0\0', 'latin1');

/** One command in the format that is sent over the wire (gitprotocol-pack(5), "Pushing Data To a Server"). */
const sending =
  (ref: Ref, what: 'create' | 'delete'): Operation =>
  async (cell) => {
    const { thing, asker } = cell;
    const [from, to] = what === 'create' ? [ZERO, thing.head] : [thing.head, ZERO];
    const command = `${from} ${to} ${ref(thing)}\0report-status`;
    const length = (command.length + 4).toString(16).padStart(4, '0');
    const pack = [EMPTY_PACK, createHash('sha1').update(EMPTY_PACK).digest()];
    const basic = asker.person && Buffer.from(`git:${asker.person.token}`).toString('base64');
    const response = await fetch(`${asker.url}/definitions/${thing.name}.git/git-receive-pack`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-git-receive-pack-request',
        ...(basic && { authorization: `Basic ${basic}` }),
      },
      body: Buffer.concat([
        Buffer.from(`${length}${command}0000`),
        ...(what === 'create' ? pack : []),
      ]),
    });
    const text = await response.text();
    if (response.status === 200 && text.includes(`ok ${ref(thing)}`))
      return { code: 0, stderr: '' };
    const reasons = {
      200: '[remote rejected]',
      403: '[remote rejected]',
      401: 'Authentication failed',
      404: "'it' not found",
    };
    return { code: 1, stderr: `${reasons[response.status as 200] ?? response.status} ${text}` };
  };

/** The operations by their name on the page. */
export const OPERATIONS: Record<string, Operation> = {
  'ls-remote': (cell) => gitResult(['ls-remote', address(cell)]),
  clone: async (cell) =>
    gitResult(['clone', '-q', address(cell), await mkdtemp(join(cell.world.dataDir, 'clone-'))]),
  'fetch refs/merge-requests/n/head': fetching(({ id }) => `refs/merge-requests/${id}/head`),
  'fetch a branch': fetching(({ branch }) => `refs/heads/${branch}`),
  'fetch a commit under review by its id': fetching(({ head }) => head),
  'fetch refs/registry/state': fetching(() => 'refs/registry/state'),
  'push main': pushing(() => 'refs/heads/main'),
  'force-push main': pushing(() => 'refs/heads/main', unrelated),
  'delete main': deleting(() => 'refs/heads/main'),
  'push refs/for/main': pushing(() => 'refs/for/main'),
  'push a new branch': pushing(() => 'refs/heads/another'),
  'force-push a branch': pushing(() => `refs/heads/${BRANCH}`, amended),
  'delete a branch': deleting(() => `refs/heads/${BRANCH}`),
  'push a tag': pushing(() => 'refs/tags/v2'),
  'move a tag': pushing(() => 'refs/tags/v1'),
  'delete a tag': deleting(() => 'refs/tags/v1'),
  'push HEAD': sending(() => 'HEAD', 'create'),
  'push refs/heads/HEAD': pushing(() => 'refs/heads/HEAD'),
  'push refs/replace': pushing(({ head }) => `refs/replace/${head}`),
  'push refs/notes': pushing(() => 'refs/notes/commits'),
  'push refs/registry/state': pushing(() => 'refs/registry/state'),
  'push refs/merge-requests/n/head': pushing(({ id }) => `refs/merge-requests/${id}/head`, amended),
  'delete refs/merge-requests/n/head': deleting(({ id }) => `refs/merge-requests/${id}/head`),
};

const MEANINGS: [cell: string, says: RegExp][] = [
  ['401', /could not read Username|Authentication failed/],
  ['404', /'\S+' not found/],
  ['absent', /couldn't find remote ref|not our ref/],
  ['refused', /\[remote rejected\]|^remote: .+[\s\S]*returned error: 403/],
];

/** The page's word for git's result. The message of git if no word of the page fits its result. */
export function outcomeOf({ code, stderr }: Result): string {
  if (code === 0) return 'yes';
  return MEANINGS.find(([, says]) => says.test(stderr))?.[0] ?? stderr;
}

/** Removes the names that the request contains from git's message. */
export const unnamed = (stderr: string, { id, head, branch }: Thing): string =>
  [`/${id}/`, head, branch].reduce(
    (text, name) => (name ? text.replaceAll(name, '…') : text),
    stderr,
  );
