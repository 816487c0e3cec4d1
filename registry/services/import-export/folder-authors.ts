/** Finds the last author of each file in a folder that is part of a git checkout. */
import type { GitProgram, Signature } from '../../../repos/types.ts';
import { visibleLine } from '../../../text/hidden.ts';

export interface Authorship {
  author: Signature;
  commit: string;
}

/** The exit code of git if there is no repository or no commit (`die` in the source of git). */
const FATAL = 128;

/**
 * Settings that keep git from running programs. The folder may come from anybody, and its git configuration can name
 * programs that `git log` would run. Each setting that can name a program is overridden on the command line, which takes
 * precedence over the configuration of a repository (git-config(1)).
 */
const OVERRULED = [
  'log.showSignature=false',
  // The next settings can name programs that verify signatures.
  'gpg.program=false',
  'gpg.openpgp.program=false',
  'gpg.x509.program=false',
  'gpg.ssh.program=false',
  'gpg.ssh.defaultKeyCommand=false',
  // The next settings can name programs that watch the working tree or follow changes of refs.
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  // The next settings can name programs that connect to other computers.
  'core.sshCommand=false',
  'core.gitProxy=false',
  'core.askPass=false',
  'credential.helper=',
  'protocol.allow=never',
  // The next settings run no programs but would change the result: other names, renamed files, a hidden first commit.
  'log.mailmap=false',
  'log.follow=false',
  'log.showRoot=true',
];

/**
 * Keeps git from fetching missing objects of a partial clone. git before 2.45 does not know the first variable. The
 * second variable works there too, because git contacts remotes only by the protocols that this variable lists
 * (git(1)).
 */
const NO_FETCH = { GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none' };

/**
 * Runs `git log` once for the whole folder. The log is sorted newest first, so the first commit that names a path is
 * the last change of this file. Runs no program except git.
 * @returns the author of each file by its path in the folder (with `/`). Empty if the folder is not in a checkout, its
 * files were never committed, or its history is incomplete.
 */
export async function readAuthors(
  git: GitProgram,
  folder: string,
): Promise<Map<string, Authorship>> {
  const { code, stdout } = await git.run({
    args: [
      '--no-pager',
      ...OVERRULED.flatMap((setting) => ['-c', setting]),
      'log',
      '--no-show-signature',
      '--no-ext-diff',
      '--no-textconv',
      '-z',
      '--name-only',
      '--no-renames',
      '--relative',
      '--date=raw',
      '--format=%x01%H%x02%an%x02%ae%x02%ad%x02',
      'HEAD',
      '--',
      '.',
    ],
    cwd: folder,
    env: NO_FETCH,
    allow: [0, FATAL],
  });
  const authors = new Map<string, Authorship>();
  if (code !== 0) return authors;
  for (const record of stdout.toString().split('\x01').slice(1)) {
    const [commit = '', name = '', email = '', date = '', paths = ''] = record.split('\x02');
    const author = { name: visibleLine(name), email: visibleLine(email), ...readDate(date) };
    for (const path of paths.split(/[\0\n]+/)) {
      if (path !== '' && !authors.has(path)) authors.set(path, { author, commit });
    }
  }
  return authors;
}

/** Parses a raw date of git, such as `1732300000 +0130`: seconds since 1970 and time zone (git-log(1), `--date=raw`). */
function readDate(raw: string): { at: Date; offsetMinutes: number } {
  const [seconds = '0', zone = '+0000'] = raw.split(' ');
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5));
  return {
    at: new Date(Number(seconds) * 1000),
    offsetMinutes: zone.startsWith('-') ? -minutes : minutes,
  };
}
