/** Reads with git what the repositories contain at the end. */
import { join } from 'node:path';
import type { VersionRecord } from '../../../registry/definitions/record.ts';
import { git } from '../../helpers/git.ts';
import type { Target, World } from './world.ts';

export interface Landed {
  target: Target;
  version: number;
  commit: string;
  parents: string[];
  /** The commit that the tag `vN` of this version names. */
  tagged: string | undefined;
  record: VersionRecord;
  /** The trailers of the commit, as `Key: value`. */
  trailers: string[];
}

export const pathOf = ({ dataDir }: World, { name }: Target): string =>
  join(dataDir, 'repos', `${name}.git`);

/** The commits of `main` along first parents, oldest first, with the record in the tag of each version. */
export async function lineOf(world: World, target: Target): Promise<Landed[]> {
  const cwd = pathOf(world, target);
  const tags = await tagsOf(cwd);
  if (!(await refsOf(world, target)).has('refs/heads/main')) return [];
  const format = '--format=%H%x00%P%x00%(trailers:only,unfold)%x01';
  const log = await git(['log', '--first-parent', '--reverse', format, 'main'], { cwd });
  const commits = log.split('\x01').filter((text) => text.trim() !== '');
  return commits.map((text, i) => {
    const [commit = '', parents = '', trailers = ''] = text.trimStart().split('\0');
    const tag = tags.get(`v${i + 1}`);
    return {
      target,
      version: i + 1,
      commit,
      parents: parents.split(' ').filter(Boolean),
      tagged: tag?.commit,
      record: tag?.record as VersionRecord,
      trailers: trailers.split('\n').filter(Boolean),
    };
  });
}

export async function refsOf(world: World, target: Target): Promise<Map<string, string>> {
  const text = await git(['for-each-ref', '--format=%(refname) %(objectname)'], {
    cwd: pathOf(world, target),
  });
  return new Map(text.split('\n').flatMap((line) => (line ? [line.split(' ') as never] : [])));
}

/** The tags by name. Each tag has its commit and record. */
export async function tagsOf(cwd: string) {
  const format = '--format=%(refname:strip=2)%00%(*objectname)%00%(contents:body)%01';
  const text = await git(['for-each-ref', format, 'refs/tags'], { cwd });
  return new Map(
    text
      .split('\x01')
      .filter((one) => one.trim() !== '')
      .map((one) => {
        const [name = '', commit = '', body = ''] = one.trimStart().split('\0');
        const end = body.lastIndexOf('}') + 1;
        return [name, { commit, record: JSON.parse(body.slice(0, end)) as VersionRecord }];
      }),
  );
}

/**
 * The newest version before `version` in the history of `head`. Not always the base that a merge request shows: after
 * the head was pushed, a part of it may have landed by a push to `main`.
 */
export async function baseOf(
  cwd: string,
  line: Landed[],
  version: number,
  head: string,
): Promise<string | null> {
  const history = new Set((await git(['rev-list', head], { cwd })).split('\n'));
  const earlier = line.slice(0, version - 1).map(({ commit }) => commit);
  return earlier.findLast((commit) => history.has(commit)) ?? null;
}

/** The changes of a commit compared with another commit, or with nothing: `path old new` with blob ids, sorted. */
export async function changesBetween(cwd: string, from: string | null, to: string) {
  const empty = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
  const args = ['diff-tree', '-r', '--no-renames', '-z', from ?? empty, to];
  const fields = (await git(args, { cwd })).split('\0').filter(Boolean);
  const changes = new Map<string, { old: string; new: string }>();
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const [before, after, old, now] = (fields[i] as string).slice(1).split(' ');
    changes.set(fields[i + 1] as string, { old: `${before} ${old}`, new: `${after} ${now}` });
  }
  return changes;
}
