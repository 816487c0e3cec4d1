/** Lands the definitions that the registry ships with. */
import { createHash } from 'node:crypto';
import type { Files } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import { type IndexedFiles, versionsOfBuiltins } from '../../store/indexing.ts';
import type { Store } from '../../store/open.ts';
import { OPERATOR } from '../caller.ts';
import { changesBetween, filesOf, mainFile } from '../content/files.ts';
import { landFirstVersion } from '../definitions/first-version.ts';
import type { SaveDeps } from '../deps.ts';
import { commitFiles, land } from '../landing/landing.ts';
import { readShipped } from './shipped.ts';

/** The SHA-256 of each file by path. */
type Digests = Record<string, string>;

/**
 * Lands every built-in definition that is missing, and the files of every existing one that are new in this release.
 * Files that were a version before do not land again, and neither does a class that was one, so a site admin's change of
 * a built-in definition stays. Without `shipped`, these are the files of this release.
 */
export async function landBuiltins(
  deps: SaveDeps & { store: Store },
  onProgress: (done: number, total: number) => void,
  shipped?: ReadonlyMap<string, Files>,
): Promise<{ landed: string[]; skipped: string[] }> {
  const known = await versionsOfBuiltins(deps.store.em());
  const pending = [...(shipped ?? (await readShipped()))].filter(([name, files]) => {
    const newest = known.get(name)?.[0]?.files;
    return !newest || !isSame(newest, digestsOf(files));
  });
  const landed: string[] = [];
  const skipped: string[] = [];
  for (const [i, [name, files]] of pending.entries()) {
    const versions = known.get(name);
    if (versions) {
      if (await renewBuiltin(deps, name, files, versions)) landed.push(name);
    } else {
      (await createBuiltin(deps, name, files)) ? landed.push(name) : skipped.push(name);
    }
    onProgress(i + 1, pending.length);
  }
  return { landed, skipped };
}

async function createBuiltin(deps: SaveDeps, name: string, files: Files): Promise<boolean> {
  try {
    await landFirstVersion(deps, OPERATOR, {
      name,
      files,
      lab: null,
      isPublic: true,
      isBuiltin: true,
      summary: `Ship ${name} with the registry`,
      overrides: [],
    });
    return true;
  } catch (error) {
    // A lab already has a definition of this name, which stays. The built-in definition is skipped.
    if (error instanceof Problem && error.code === 'name_taken') return false;
    throw error;
  }
}

/** `versions` are all versions of the definition, newest first. */
async function renewBuiltin(
  deps: SaveDeps,
  name: string,
  files: Files,
  versions: readonly IndexedFiles[],
): Promise<boolean> {
  const repository = await deps.repositories.open(name);
  const shipped = digestsOf(files);
  const earlier: Digests[] = [];
  for (const version of versions)
    earlier.push(version.files ?? digestsOf(await filesOf(repository, version.commit)));
  if (earlier.some((before) => isSame(before, shipped))) return false;
  const main = mainFile(name);
  const first = earlier.findIndex((before) => before[main] === shipped[main]);
  if (first > 0) return false;
  const from = await repository.tip();
  const before = from.head === null ? new Map() : await filesOf(repository, from.head);
  await land(deps, OPERATOR, {
    repository,
    from,
    judged: null,
    ...(await commitFiles(repository, OPERATOR, from.head, changesBetween(before, files), {
      summary: `Update ${name} to the files in this release of the registry`,
      overrides: [],
    })),
  });
  return true;
}

const digestsOf = (files: Files): Digests =>
  Object.fromEntries([...files].map(([path, content]) => [path, sha256(content)]));

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

function isSame(one: Digests, other: Digests): boolean {
  const paths = Object.keys(one);
  return (
    paths.length === Object.keys(other).length && paths.every((path) => one[path] === other[path])
  );
}
