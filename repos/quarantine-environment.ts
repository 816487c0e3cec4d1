import { join } from 'node:path';

/** The environment for a git that reads the objects of the repository and of the folder, and writes to the folder. */
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

/** Colons separate the list, so a path that contains one must be quoted (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES). */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}
