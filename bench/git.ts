/** Git alone, as durable as the registry: everything it writes is fsynced (git-config(1), core.fsync). */
import { git } from '../test/helpers/git.ts';

const ENVIRONMENT = {
  GIT_CONFIG_COUNT: '2',
  GIT_CONFIG_KEY_0: 'core.fsync',
  GIT_CONFIG_VALUE_0: 'all',
  GIT_CONFIG_KEY_1: 'gc.auto',
  GIT_CONFIG_VALUE_1: '0',
};

/** Runs git in a folder. Throws where it fails. */
export async function durableGit(cwd: string, ...args: string[]): Promise<void> {
  await git(args, { cwd, env: ENVIRONMENT });
}
