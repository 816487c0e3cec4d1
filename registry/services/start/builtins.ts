/** Lands the definitions that the registry ships with. */
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Files } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import { builtinSources } from '../../store/indexing.ts';
import type { Store } from '../../store/open.ts';
import { OPERATOR } from '../caller.ts';
import { changesBetween, filesOf, mainFile, textOf } from '../content/files.ts';
import { landFirstVersion } from '../definitions/first-version.ts';
import type { SaveDeps } from '../deps.ts';
import { commitFiles, land } from '../landing/landing.ts';

const FOLDER = fileURLToPath(new URL('../../builtin/', import.meta.url));

/**
 * Lands every built-in definition that is missing, and every new text of an existing one. A text that was a version
 * before does not land again, so a site admin's change of a built-in definition stays.
 */
export async function landBuiltins(
  deps: SaveDeps & { store: Store },
  onProgress: (done: number, total: number) => void,
): Promise<{ landed: string[]; skipped: string[] }> {
  const shipped = await readShipped();
  const known = await builtinSources(deps.store.em());
  const pending = shipped.filter(([name, bytes]) => known.get(name) !== textOf(bytes));
  const landed: string[] = [];
  const skipped: string[] = [];
  for (const [i, [name, bytes]] of pending.entries()) {
    const files: Files = new Map([[mainFile(name), bytes]]);
    if (known.has(name)) {
      if (await renewBuiltin(deps, name, files)) landed.push(name);
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

async function renewBuiltin(deps: SaveDeps, name: string, files: Files): Promise<boolean> {
  const repository = await deps.repositories.open(name);
  const bytes = files.get(mainFile(name)) as Uint8Array;
  for (const { oid } of await repository.history({ path: mainFile(name) })) {
    const before = await repository.readFile(oid, mainFile(name));
    if (before && Buffer.compare(before, bytes) === 0) return false;
  }
  const from = await repository.tip();
  const before = from.head === null ? new Map() : await filesOf(repository, from.head);
  await land(deps, OPERATOR, {
    repository,
    from,
    judged: null,
    ...(await commitFiles(repository, OPERATOR, from.head, changesBetween(before, files), {
      summary: `Update ${name} to the file in this release of the registry`,
      overrides: [],
    })),
  });
  return true;
}

async function readShipped(): Promise<[string, Uint8Array][]> {
  const names = (await readdir(FOLDER)).filter((file) => file.endsWith('.py')).sort();
  return await Promise.all(
    names.map(
      async (file): Promise<[string, Uint8Array]> => [
        file.slice(0, -'.py'.length),
        await readFile(new URL(file, `file://${FOLDER}`)),
      ],
    ),
  );
}
