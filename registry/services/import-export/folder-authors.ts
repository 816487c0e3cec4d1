/** The last author of each file in a folder, if it is in a git checkout. */
import type { GitProgram, Signature } from '../../../repos/types.ts';
import { visibleLine } from '../../../text/hidden.ts';

export interface Authorship {
  author: Signature;
  commit: string;
}

/** git's exit code if there is no repository or no commit (git's `die`). */
const FATAL = 128;

/**
 * The folder may come from anybody, and git obeys its configuration. Every program that the configuration may
 * name for `git log` is overridden (git-config(1)); command line options take precedence over the
 * repository's own.
 */
const OVERRULED = [
  'log.showSignature=false',
  // Verify signatures.
  'gpg.program=false',
  'gpg.openpgp.program=false',
  'gpg.x509.program=false',
  'gpg.ssh.program=false',
  'gpg.ssh.defaultKeyCommand=false',
  // Watch the working tree; run around changes of refs.
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  // Reach other computers.
  'core.sshCommand=false',
  'core.gitProxy=false',
  'core.askPass=false',
  'credential.helper=',
  'protocol.allow=never',
  // Not programs, but they would change the result: files outside, renames, a hidden first commit.
  'log.mailmap=false',
  'log.follow=false',
  'log.showRoot=true',
];

/**
 * A missing object (of a partial clone) is not fetched. git before 2.45 does not know the first variable, but
 * contacts no remote by a protocol that the second does not list, whatever the configuration says (git(1)).
 */
const NO_FETCH = { GIT_NO_LAZY_FETCH: '1', GIT_ALLOW_PROTOCOL: 'none' };

/**
 * Runs git once for the whole folder: one log, newest first, in which the first mention of a path is its last
 * change. Paths are relative to the folder, with `/`. Runs no program except git.
 * @returns nothing if the folder is in no checkout, its files were never committed, or its history is
 * incomplete
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

/** `1732300000 +0130`: seconds since 1970 and the clock's offset (git-log(1), `--date=raw`). */
function readDate(raw: string): { at: Date; offsetMinutes: number } {
  const [seconds = '0', zone = '+0000'] = raw.split(' ');
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5));
  return {
    at: new Date(Number(seconds) * 1000),
    offsetMinutes: zone.startsWith('-') ? -minutes : minutes,
  };
}
