/** A person's clone of a definition. All commands use real git. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { type GitResult, git, gitResult } from './git.ts';
import type { Person, TestRegistry } from './registry.ts';

export interface Clone {
  folder: string;
  /** Runs git in the clone and returns its trimmed standard output. Throws if git fails. */
  git(...args: string[]): Promise<string>;
  /** Writes and commits the files. Returns the id of the commit. */
  commit(files: Record<string, string>, message: string): Promise<string>;
  /** Runs `git push origin …`. A failed push does not throw; its result has the exit code and git's message. */
  push(...args: string[]): Promise<GitResult>;
}

/** Clones a definition. The clone is deleted when the test ends. */
export async function cloneOf(
  t: Test,
  registry: Pick<TestRegistry, 'gitUrl'>,
  name: string,
  who: Pick<Person, 'username' | 'token'>,
): Promise<Clone> {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const mail = `${who.username}@lab.example`;
  const env = {
    ...{ GIT_AUTHOR_NAME: who.username, GIT_AUTHOR_EMAIL: mail },
    ...{ GIT_COMMITTER_NAME: who.username, GIT_COMMITTER_EMAIL: mail },
  };
  const run = async (...args: string[]) => (await git(args, { cwd: folder, env })).trim();
  await run('clone', '-q', registry.gitUrl(name, who.token), '.');
  return {
    folder,
    git: run,
    async commit(files, message) {
      for (const [path, text] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true });
        await writeFile(join(folder, path), text);
      }
      await run('add', '--all');
      await run('commit', '-qm', message);
      return await run('rev-parse', 'HEAD');
    },
    push: (...args) => gitResult(['push', 'origin', ...args], { cwd: folder, env }),
  };
}
