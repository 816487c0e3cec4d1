/** Writes a backup of the whole registry to one file, while the registry keeps running. */
import { randomUUID } from 'node:crypto';
import { RepositoryError } from '../../../repos/errors.ts';
import type { Refs, Repositories } from '../../../repos/types.ts';
import { readKeys } from '../../keys.ts';
import { type KnownDefinition, knownDefinitions } from '../../store/definitions.ts';
import { ArchiveWriter } from '../archive.ts';
import type { LandingDeps } from '../deps.ts';
import { type Difference, damaged, differenceIn, missing, unknown } from '../repair/compare.ts';
import {
  bundleFile,
  FORMAT,
  INCREMENT,
  keyFile,
  MANIFEST,
  type Manifest,
  moreFile,
  REFS,
} from './contents.ts';
import { atOneMoment, type RefsOfAll } from './cut.ts';
import { type Earlier, isUnchanged, readEarlier, refsLine } from './earlier.ts';
import { addRows, EarlyRows } from './rows.ts';

export interface BackupDeps extends LandingDeps {
  keysFolder: string;
  version: string;
}

export interface BackupOptions {
  /** An earlier backup. The new backup contains only the git objects that the earlier one does not have. */
  since?: string | undefined;
  /** Ends the backup soon, with an error. */
  signal?: AbortSignal | undefined;
  onProgress?: (done: number, total: number) => void;
}

export interface BackupReport {
  manifest: Manifest;
  /** Definitions in the backup with a fault: their rows differ from their repositories and could not be repaired. */
  unsettled: LeftOut[];
  /** Definitions whose repository is not in the backup, because it is missing or damaged. */
  leftOut: LeftOut[];
}

interface LeftOut {
  name: string;
  reason: string;
}

/**
 * Writes rows and refs of one moment (cut.ts). The objects of git never change, so the backup reads them afterwards. Throws
 * `RepositoryError` `locked` and errors of the file system. After an error there is no new file.
 */
export async function backup(
  deps: BackupDeps,
  path: string,
  { since, signal, onProgress = () => {} }: BackupOptions = {},
): Promise<BackupReport> {
  const { store, repositories } = deps;
  const earlier = since === undefined ? undefined : await readEarlier(since);
  const archive = await ArchiveWriter.create(path);
  let early: EarlyRows | undefined;
  try {
    if (store.embedded) early = await EarlyRows.read(store, path, signal);
    const { result: cut, failed } = await atOneMoment(deps, signal, async (em, refs) => {
      const made_at = new Date().toISOString();
      const known = await knownDefinitions(em);
      const rows = early ? await early.catchUp(em) : await addRows(archive, em, signal);
      return { made_at, ...settled(await refs, known), rows };
    });
    await early?.addTo(archive);
    const keys = await readKeys(deps.keysFolder);
    for (const [name, content] of keys) await archive.add(keyFile(name), [content]);
    const unreadable = await addRepositories(
      { archive, repositories, earlier, signal },
      cut.refs,
      onProgress,
    );
    const leftOut = [...cut.leftOut, ...unreadable];
    const absent = new Set(leftOut.map(({ name }) => name));
    const whole = [...cut.refs].filter(([name]) => !absent.has(name));
    await archive.add(
      REFS,
      whole.map(([name, refs]) => refsLine(name, refs)),
    );
    const manifest: Manifest = {
      format: earlier ? INCREMENT : FORMAT,
      id: randomUUID(),
      ...(earlier && { since: earlier.id }),
      version: deps.version,
      made_at: cut.made_at,
      migrations: await store.applied(),
      ...cut.rows,
      repositories: whole.map(([name]) => name),
      keys: [...keys.keys()],
      ...(absent.size > 0 && { left_out: [...absent] }),
    };
    await archive.add(MANIFEST, [`${JSON.stringify(manifest, null, 2)}\n`]);
    await archive.finish();
    const unrepaired = failed.map(({ name, error }) => ({ name, reason: error.message }));
    const unsettled = new Map(
      [...unrepaired, ...cut.unsettled]
        .filter(({ name }) => !absent.has(name))
        .map((one) => [one.name, one]),
    );
    return { manifest, unsettled: [...unsettled.values()], leftOut };
  } catch (error) {
    await archive.abandon();
    throw error;
  } finally {
    await early?.close();
  }
}

/**
 * Compares the refs with the rows. A repository without refs and without a row is left out, because its creation is not
 * complete.
 */
function settled(all: RefsOfAll, known: readonly KnownDefinition[]): Settled {
  const cut: Settled = { refs: new Map(), leftOut: [], unsettled: [] };
  const rows = new Map(known.map((row) => [row.name, row]));
  for (const name of new Set([...all.keys(), ...rows.keys()])) {
    const [refs, row] = [all.get(name), rows.get(name)];
    if (refs instanceof Map && refs.size > 0) cut.refs.set(name, refs);
    const difference = differenceBetween(name, row, refs);
    if (difference === null) continue;
    (cut.refs.has(name) ? cut.unsettled : cut.leftOut).push({ name, reason: difference.problem });
  }
  return cut;
}

function differenceBetween(
  name: string,
  row: KnownDefinition | undefined,
  refs: Refs | Error | undefined,
): Difference | null {
  if (refs instanceof Error) return damaged(name, refs.message);
  if (row) return refs ? differenceIn(row, refs) : missing(row);
  return refs && refs.size > 0 ? unknown(name) : null;
}

interface Settled {
  refs: Map<string, Refs>;
  leftOut: LeftOut[];
  unsettled: LeftOut[];
}

interface Contents {
  archive: ArchiveWriter;
  repositories: Repositories;
  earlier: Earlier | undefined;
  signal: AbortSignal | undefined;
}

/** Returns the repositories that were left out because they cannot be read. */
async function addRepositories(
  contents: Contents,
  cut: ReadonlyMap<string, Refs>,
  onProgress: (done: number, total: number) => void,
): Promise<LeftOut[]> {
  const leftOut: LeftOut[] = [];
  let done = 0;
  for (const [name, refs] of cut) {
    contents.signal?.throwIfAborted();
    try {
      await addRepository(contents, name, refs);
    } catch (error) {
      if (!(error instanceof RepositoryError)) throw error;
      const isThere = await contents.repositories.exists(name);
      const reason = isThere ? damaged(name, error.message).problem : 'it was deleted meanwhile';
      leftOut.push({ name, reason });
    }
    onProgress(++done, cut.size);
  }
  return leftOut;
}

/** Adds nothing if the earlier backup has the same refs, and otherwise the objects that it does not have. */
async function addRepository(
  { archive, repositories, earlier }: Contents,
  name: string,
  refs: Refs,
): Promise<void> {
  const before = earlier?.refs.get(name);
  if (before && isUnchanged(refs, before)) return;
  const repository = await repositories.open(name);
  try {
    if (before) {
      const known = [...new Set(before.values())];
      await archive.addWhole(moreFile(name), repository.bundle(refs, known));
      return;
    }
  } catch (error) {
    // The repository does not have the objects of the earlier backup: it was deleted and created again.
    if (!(error instanceof RepositoryError)) throw error;
  }
  await archive.addWhole(bundleFile(name), repository.bundle(refs));
}
