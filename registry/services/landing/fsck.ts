/** Whether everything that is kept agrees: objects, versions, the index, the audit chain. */
import { RepositoryError } from '../../../repos/errors.ts';
import type { Repositories, Repository } from '../../../repos/types.ts';
import { parseRecord, parseState, RecordError } from '../../definitions/record.ts';
import { judgeSignature, type SigningKey } from '../../signing/allowed-signers.ts';
import type { SigningKeys } from '../../signing/keys.ts';
import { verifyAuditChain } from '../../store/audit.ts';
import { everything, findDefinition } from '../../store/definitions.ts';
import { countVersions } from '../../store/indexing.ts';
import type { Store } from '../../store/open.ts';
import { repair } from './repair.ts';

export interface FsckRooms {
  store: Store;
  repositories: Repositories;
  signingKeys: SigningKeys;
}

export interface FsckReport {
  repositories: number;
  mended: string[];
  /** Where, and what is wrong there. */
  problems: { where: string; problem: string }[];
}

/** Repairs what the journal names, then checks every repository and the audit chain. */
export async function fsck(
  { store, repositories, signingKeys }: FsckRooms,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<FsckReport> {
  const { mended, failed } = await repair(store, repositories);
  const names = await repositories.list();
  const keys = await signingKeys.list();
  const problems: FsckReport['problems'] = failed.map(({ name, error }) => ({
    where: name,
    problem: `cannot be repaired: ${error.message}`,
  }));
  for (const [i, name] of names.entries()) {
    const repository = await repositories.open(name);
    const found = [
      ...(await repository.fsck()),
      ...(await complaints(checkVersions(repository, keys))),
      ...(await complaints(checkIndex(store, repository))),
    ];
    problems.push(...found.map((problem) => ({ where: name, problem })));
    onProgress(i + 1, names.length);
  }
  const broken = await verifyAuditChain(store.em());
  if (broken !== null) {
    problems.push({
      where: 'audit trail',
      problem: `entry ${broken} does not follow from the one before it: it or its neighbour was changed`,
    });
  }
  return { repositories: names.length, mended, problems };
}

/** A check that cannot even read what it checks has found something too. */
async function complaints(check: Promise<string[]>): Promise<string[]> {
  try {
    return await check;
  } catch (error) {
    if (error instanceof RepositoryError) return [error.message];
    throw error;
  }
}

/** `main` is one line, every commit on it has its tag, every tag's record speaks of it, and the registry signed it. */
async function checkVersions(
  repository: Repository,
  keys: readonly SigningKey[],
): Promise<string[]> {
  const problems: string[] = [];
  try {
    parseState((await repository.readState())?.text ?? '');
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    problems.push(`refs/registry/state: ${error.message}`);
  }
  const line = (await repository.head()) === null ? [] : await repository.history();
  const versions = await repository.versions();
  if (line.length !== versions.length) {
    problems.push(`main has ${line.length} commits, but there are ${versions.length} version tags`);
  }
  for (const [i, commit] of line.entries()) {
    const n = line.length - i;
    const version = versions.find((v) => v.version === n);
    if (commit.parents.length > 1) problems.push(`commit ${commit.oid} of main is a merge`);
    if (version?.commit !== commit.oid) problems.push(`v${n} is not commit ${commit.oid} of main`);
    if (version) problems.push(...recordProblems(n, commit.oid, version.record));
  }
  for (const version of versions) {
    const { fault } = judgeSignature(version, keys);
    if (fault !== null) problems.push(`the signature of v${version.version}: ${fault}`);
  }
  return problems;
}

function recordProblems(n: number, commit: string, text: string): string[] {
  try {
    const record = parseRecord(text);
    if (record.version === n && record.commit === commit) return [];
    return [`the record of v${n} speaks of v${record.version} at ${record.commit}`];
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return [`the record of v${n}: ${error.message}`];
  }
}

async function checkIndex(store: Store, repository: Repository): Promise<string[]> {
  const em = store.em();
  const row = await findDefinition(em, repository.name, everything);
  if (!row) return ['the index lacks it; run: registry reindex'];
  const head = await repository.head();
  const versions = (await repository.versions()).length;
  const known = await countVersions(em, row.id);
  return row.head === head && known === versions && (row.version ?? 0) === versions
    ? []
    : [
        `the index has version ${row.version} at ${row.head}, git ${versions} at ${head}; run: registry reindex`,
      ];
}
