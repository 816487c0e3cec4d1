/** Who last changed each file of a folder, where the folder lies in a git checkout. */
import type { GitProgram, Signature } from '../../repos/types.ts';

export interface Authorship {
  author: Signature;
  commit: string;
}

/** Exit code of git where there is no repository or nothing is committed (git's `die`). */
const FATAL = 128;

/**
 * Asks git once for the whole folder: one log, newest first, whose first mention of a path is its last
 * change. Paths are relative to the folder, with `/`.
 * @returns nothing where the folder is in no checkout, or its files were never committed
 */
export async function readAuthors(
  git: GitProgram,
  folder: string,
): Promise<Map<string, Authorship>> {
  const { code, stdout } = await git.run({
    args: [
      'log',
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
    allow: [0, FATAL],
  });
  const authors = new Map<string, Authorship>();
  if (code !== 0) return authors;
  for (const record of stdout.toString().split('\x01').slice(1)) {
    const [commit = '', name = '', email = '', date = '', paths = ''] = record.split('\x02');
    const author = { name, email, ...readDate(date) };
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
