/** Checks programs and limits of the machine: Node, git, open files. */
import type { GitProgram } from '../../../repos/types.ts';
import { connectionLimit, leastOpenFiles, openFileLimit } from '../../open-files.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** The first Node that runs TypeScript without a flag. `npm start` and `npx registry` bring their own Node. */
const NODE = [22, 18];
/** The first git whose `index-pack` syncs what it is told to with `core.fsync`. */
const GIT = [2, 36];
/** The programs of git that the registry runs. */
const GIT_COMMANDS = [
  'cat-file',
  'diff',
  'fsck',
  'index-pack',
  'log',
  'pack-objects',
  'prune',
  'repack',
  'rev-list',
  'upload-pack',
];

export async function checkMachine(
  git: GitProgram,
  tmp: string,
  isEmbedded: boolean,
): Promise<Finding[]> {
  return [node(), ...(await checkGit(git, tmp)), openFiles(isEmbedded)];
}

function node(): Finding {
  const { version } = process;
  if (isAtLeast(version, NODE)) return ok('node', version);
  const advice =
    'Start the registry with `npm start` or `npx registry`, which bring their own Node.';
  return problem('node', `${version} is older than ${NODE.join('.')}`, advice);
}

async function checkGit(git: GitProgram, cwd: string): Promise<Finding[]> {
  const install = `Install git ${GIT.join('.')} or newer, so that it is on the PATH of the registry.`;
  let version: string;
  let commands: Set<string>;
  try {
    version = (await textOf(git, ['--version'], cwd)).trim().replace('git version ', '');
    commands = new Set((await textOf(git, ['--list-cmds=main'], cwd)).split('\n'));
  } catch (error) {
    return [problem('git', `git does not run: ${(error as Error).message}`, install)];
  }
  const missing = GIT_COMMANDS.filter((command) => !commands.has(command));
  if (missing.length > 0) return [problem('git', `git lacks ${missing.join(', ')}`, install)];
  if (!isAtLeast(version, GIT)) {
    return [warning('git', `${version} does not sync all files that it writes`, install)];
  }
  return [ok('git', version)];
}

async function textOf(git: GitProgram, args: string[], cwd: string): Promise<string> {
  return Buffer.from((await git.run({ args, cwd })).stdout).toString();
}

function isAtLeast(version: string, least: readonly number[]): boolean {
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(version) ?? []).slice(1).map(Number);
  const [leastMajor = 0, leastMinor = 0] = least;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** When Node starts, it raises the soft limit to the hard limit, so only the hard limit matters. */
function openFiles(isEmbedded: boolean): Finding {
  const limit = openFileLimit();
  if (limit === undefined) return ok('open-files', 'this system has no limit that can be read');
  const found = `this process may open ${limit} files, and thus serve ${connectionLimit(limit, isEmbedded)} connections`;
  const advice =
    'Raise the limit: LimitNOFILE in the systemd unit, or ulimit -n in the shell that starts the registry. Node raises the soft limit to the hard limit, but it cannot raise the hard limit.';
  if (limit < leastOpenFiles(isEmbedded)) return problem('open-files', found, advice);
  if (limit < 4096) return warning('open-files', found, advice);
  return ok('open-files', found);
}
