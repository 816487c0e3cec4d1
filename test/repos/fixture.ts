/** Repositories in a temporary folder, and the minimum that a commit needs. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openGitCaches } from '../../repos/git-caches.ts';
import { openGitProgram } from '../../repos/process.ts';
import type { Oid, Repository, Signature } from '../../repos/types.ts';
import { someCaches } from '../helpers/caches.ts';
import { fsckAll } from '../helpers/git.ts';
import { openWithLease } from '../helpers/repositories.ts';

export const author: Signature = {
  name: 'Ada',
  email: 'ada@example.org',
  at: new Date('2026-01-02T03:04:05Z'),
  offsetMinutes: 330,
};

/** Opens the repositories. `close` checks every repository of the test with real git. */
export async function openFixture() {
  const folder = await mkdtemp(join(tmpdir(), 'registry-test-'));
  const root = join(folder, 'repos');
  const git = await openGitProgram();
  const caches = someCaches();
  const gitCaches = openGitCaches(caches);
  const journal = join(folder, 'journal');
  const repositories = await openWithLease({ root, journal, git, caches: gitCaches });
  return {
    root,
    journal,
    caches,
    gitCaches,
    repositories,
    program: git,
    async close() {
      await repositories.close();
      await git.close();
      await fsckAll(root);
      await rm(folder, { recursive: true });
    },
  };
}

export const bytes = (text: string) => new Uint8Array(Buffer.from(text));

export function commitFiles(
  repository: Repository,
  parent: Oid | null,
  files: Record<string, string | Uint8Array | null>,
  message = 'Change\n',
): Promise<Oid> {
  const changes = new Map(
    Object.entries(files).map(([path, content]) => [
      path,
      typeof content === 'string' ? bytes(content) : content,
    ]),
  );
  return repository.commit({ parent, changes, author, committer: author, message });
}

/** Lands one version on the current head. */
export async function landFiles(
  repository: Repository,
  files: Record<string, string | Uint8Array | null>,
  record = 'record\n',
  state?: string,
) {
  const head = await repository.head();
  const commit = await commitFiles(repository, head, files);
  const landing = { head, versions: [{ commit, record }], tagger: author };
  const from = (await repository.tip()).state;
  const landed = await repository.land(
    state === undefined ? landing : { ...landing, state: { from, text: state } },
  );
  return landed[0] as (typeof landed)[number];
}
