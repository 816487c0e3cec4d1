/**
 * Versions whose records do not name their definition, from before records did. Their tags do not change. The
 * first start that finds them adds one signed tag to each such repository, which lists them. A lab computer
 * accepts such a version for a definition only if that list names it.
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
  /** Definitions with such versions that had no list yet. */
  attested: string[];
  /** Definitions that cannot be read; the next start tries again. */
  failed: { name: string; error: Error }[];
}

export interface AttestDeps {
  store: Store;
  repositories: Repositories;
  signingKeys: SigningKeys;
}

const TASK = 'attest versions without names';

/** Costs one query if it was done before. */
export async function attestOnce(deps: AttestDeps): Promise<AttestReport> {
  const report: AttestReport = { attested: [], failed: [] };
  if (await isDone(deps.store.em(), TASK)) return report;
  const keys = await deps.signingKeys.list();
  for (const name of await deps.repositories.list()) {
    try {
      const repository = await deps.repositories.open(name);
      if (await attest(repository, keys)) report.attested.push(name);
    } catch (error) {
      report.failed.push({ name, error: error as Error });
    }
  }
  if (report.failed.length === 0) await markDone(deps.store.em(), TASK);
  return report;
}

/** Lists only versions that one of these keys signed; returns whether there were any. */
async function attest(repository: Repository, keys: readonly SigningKey[]): Promise<boolean> {
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
    const tagger = { ...REGISTRY, at: new Date() };
    await repository.addTag({ name: ATTESTED, commit: head, tagger, message });
    return true;
  } catch (error) {
    // Another process did it at the same time.
    if (error instanceof RepositoryError && error.code === 'ref_conflict') return false;
    throw error;
  }
}
