import { join } from 'node:path';

/** Makes git read objects of the repository and of the folder `quarantine`, and write objects only to that folder. */
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

/** Quotes a path, which may contain the list's separator, a colon (git(1), GIT_ALTERNATE_OBJECT_DIRECTORIES). */
function quoted(path: string): string {
  return `"${path.replace(/["\\]/g, '\\$&')}"`;
}
