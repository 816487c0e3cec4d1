import { join } from 'node:path';

/** For a git that reads the repository's objects as well as those in the folder, and writes to the latter. */
export function quarantineEnvironment(
  repositoryPath: string,
  quarantine: string,
): Record<string, string> {
  return {
    GIT_DIR: repositoryPath,
    GIT_OBJECT_DIRECTORY: quarantine,
    GIT_QUARANTINE_PATH: quarantine,
    GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted(join(repositoryPath, 'objects')),
  };
}

/** Colons separate the list; a quoted path may contain them (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES). */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}
