/** Plain git that is as durable as the registry: it fsyncs everything it writes (git-config(1), core.fsync). */
import { git } from '../test/helpers/git.ts';

const SETTINGS = { 'core.fsync': 'all', 'gc.auto': '0', 'receive.fsckObjects': 'true' };

const CONFIG = Object.fromEntries([
  ['GIT_CONFIG_COUNT', `${Object.keys(SETTINGS).length}`],
  ...Object.entries(SETTINGS).flatMap(([key, value], i) => [
    [`GIT_CONFIG_KEY_${i}`, key],
    [`GIT_CONFIG_VALUE_${i}`, value],
  ]),
]) as Record<string, string>;

/** All environment variables of a git server process. */
export const GIT_ALONE: Record<string, string> = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  ...CONFIG,
};

/** Runs git in a folder. Throws if it fails. */
export async function durableGit(cwd: string, ...args: string[]): Promise<void> {
  await git(args, { cwd, env: CONFIG });
}
