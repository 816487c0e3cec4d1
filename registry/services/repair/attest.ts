/**
 * Attests old versions, which landed before records named their definition. The tags of old versions never change.
 * Instead, the first start of a newer registry adds one signed tag to each repository with old versions. The message of
 * this tag lists these versions, and a lab computer accepts an old version only if it is in the list.
 */
import { RepositoryError } from '../../../repos/errors.ts';
import type { Repositories, Repository } from '../../../repos/types.ts';
import { ATTESTED, tagRef } from '../../../text/refs.ts';
import { parseRecord, strangeness, writeAttestation } from '../../definitions/record.ts';
import { judgeSignature, type SigningKey } from '../../signing/allowed-signers.ts';
import type { SigningKeys } from '../../signing/keys.ts';
import { isDone, markDone } from '../../store/done-once.ts';
import type { Store } from '../../store/open.ts';
import { REGISTRY } from '../caller.ts';
import { readState } from '../content/files.ts';

export interface AttestReport {
  /** Definitions that got a list of their old versions. */
  attested: string[];
  /** Definitions that cannot be read. The next start tries these definitions again. */
  failed: { name: string; error: Error }[];
}

export interface AttestDeps {
  store: Store;
  repositories: Repositories;
  signingKeys: SigningKeys;
}

const TASK = 'attest versions without names';

/** Attests the old versions of all definitions. After the first time, a start costs only one query. */
export async function attestOnce(deps: AttestDeps): Promise<AttestReport> {
  const report: AttestReport = { attested: [], failed: [] };
  if (await isDone(deps.store.em(), TASK)) return report;
  const keys = await deps.signingKeys.list();
  for (const name of await deps.repositories.list()) {
    try {
      const repository = await deps.repositories.open(name);
      if (await attest(deps, repository, keys)) report.attested.push(name);
    } catch (error) {
      report.failed.push({ name, error: error as Error });
    }
  }
  if (report.failed.length === 0) await markDone(deps.store.em(), TASK);
  return report;
}

/** Attests the old versions that one of the keys has signed. Returns whether the tag was added. */
async function attest(
  { signingKeys }: AttestDeps,
  repository: Repository,
  keys: readonly SigningKey[],
): Promise<boolean> {
  const head = await repository.head();
  if (head === null || (await repository.refs()).has(tagRef(ATTESTED))) return false;
  const { name } = repository;
  const { id } = (await readState(repository)).state;
  const unnamed = (await repository.versions()).filter((version) => {
    const record = parseRecord(version.record);
    if (record.name !== undefined) return false;
    return (
      strangeness(record, { id, name, ...version }) === null && !judgeSignature(version, keys).fault
    );
  });
  if (unnamed.length === 0) return false;
  const versions = unnamed.map(({ version, commit, tag }) => ({ version, commit, tag }));
  const message = writeAttestation({ id, name, versions: versions.reverse() });
  try {
    const tagger = { ...REGISTRY, at: await signingKeys.date() };
    await repository.addTag({ name: ATTESTED, commit: head, tagger, message });
    return true;
  } catch (error) {
    // Another process added the tag at the same time.
    if (error instanceof RepositoryError && error.code === 'ref_conflict') return false;
    throw error;
  }
}
