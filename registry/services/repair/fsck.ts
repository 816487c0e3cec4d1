/** Checks the objects and versions in git, the index, the audit chain, and that what landed is what was approved. */
import type { Caches } from '../../../repos/caches.ts';
import type { Repository, Version } from '../../../repos/types.ts';
import { ATTESTED, STATE } from '../../../text/refs.ts';
import { readUnder } from '../../definitions/landed-under.ts';
import {
  type Attestation,
  type DefinitionState,
  parseAttestation,
  parseRecord,
  parseState,
  RecordError,
  strangeness,
} from '../../definitions/record.ts';
import { judgeSignature, type SigningKey } from '../../signing/allowed-signers.ts';
import type { SigningKeys } from '../../signing/keys.ts';
import { verifyAuditChain } from '../../store/audit.ts';
import { everything, findSummary } from '../../store/definitions.ts';
import { StoreError } from '../../store/errors.ts';
import { countVersions } from '../../store/indexing.ts';
import type { LandingDeps } from '../deps.ts';
import { apartFromRefs } from '../review/repair-merge-requests.ts';
import { disagreement } from './agreement.ts';
import { compare, REINDEX } from './compare.ts';
import { idIn } from './id-in.ts';
import { findForeignEntries, findOddRows, findUnapproved } from './misuse.ts';
import { repair } from './repair.ts';

export interface FsckDeps extends LandingDeps {
  caches: Caches;
  signingKeys: SigningKeys;
}

export interface FsckReport {
  repositories: number;
  repaired: string[];
  /** Each problem, and the definition, account or other place where it was found. */
  problems: { where: string; problem: string }[];
}

/** First repairs the repositories in the journal, then checks every repository and the audit trail. */
export async function fsck(
  deps: FsckDeps,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<FsckReport> {
  const { store, repositories, caches, signingKeys } = deps;
  const { repaired, failed } = await repair(deps);
  const names = await repositories.list();
  const problems: FsckReport['problems'] = failed.map(({ name, error }) => ({
    where: name,
    problem: `cannot be repaired: ${error.message}`,
  }));
  const keys = await signingKeys.list().catch((error) => {
    problems.push({ where: 'keys', problem: (error as Error).message });
    return [];
  });
  const apart = await disagreement(deps);
  if (apart !== null) problems.push({ where: 'registry', problem: apart });
  const differences = await compare(deps, { versions: true });
  problems.push(...differences.map(({ name, problem }) => ({ where: name, problem })));
  for (const [i, name] of names.entries()) {
    if (!(await repositories.exists(name))) continue;
    const repository = await repositories.open(name);
    const found = [
      ...(await problemsOf(repository.fsck())),
      ...(await problemsOf(checkVersions(repository, keys))),
      ...(await problemsOf(checkIndex(deps, repository))),
      ...(await problemsOf(findUnapproved(caches, repository))),
    ];
    problems.push(...found.map((problem) => ({ where: name, problem })));
    onProgress(i + 1, names.length);
  }
  const broken = await verifyAuditChain(store.em());
  if (broken !== null) {
    problems.push({
      where: 'audit trail',
      problem: `entry ${broken} does not match the entry before it. One of the two was changed`,
    });
  }
  const foreign = await findForeignEntries(store.em());
  problems.push(...foreign.map((problem) => ({ where: 'audit trail', problem })));
  problems.push(...(await findOddRows(store.em())));
  return { repositories: names.length, repaired, problems };
}

/**
 * The problems that a check finds. An error of the check counts as a problem, so that the other repositories are
 * checked.
 */
async function problemsOf(check: Promise<string[]>): Promise<string[]> {
  try {
    return await check;
  } catch (error) {
    if (error instanceof StoreError) throw error;
    return [(error as Error).message];
  }
}

/**
 * Checks that `main` has no merge commits, that every commit on it has a version tag, that every record matches its
 * commit, and that the registry signed every tag.
 */
async function checkVersions(
  repository: Repository,
  keys: readonly SigningKey[],
): Promise<string[]> {
  const problems: string[] = [];
  const { name } = repository;
  let state: Pick<DefinitionState, 'id' | 'landed_under'> = { id: 0 };
  try {
    state = parseState((await repository.readState())?.text ?? '');
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    problems.push(`${STATE}: ${error.message}`);
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
  }
  const attested = await attestedIn(repository, keys, problems);
  for (const version of versions) {
    problems.push(...recordProblems({ ...state, name }, version, attested));
    const { fault } = judgeSignature(version, keys);
    if (fault !== null) problems.push(`the signature of v${version.version}: ${fault}`);
  }
  return problems;
}

/** The versions that the tag `attested` lists. Empty if there is no such tag or if the registry did not sign it. */
async function attestedIn(
  repository: Repository,
  keys: readonly SigningKey[],
  problems: string[],
): Promise<Attestation['versions']> {
  const tag = await repository.readTag(ATTESTED);
  if (tag === undefined) return [];
  try {
    const { fault } = judgeSignature(tag, keys);
    if (fault !== null) throw new RecordError(`the signature: ${fault}`);
    const { name, versions } = parseAttestation(tag.record);
    if (name !== repository.name) throw new RecordError(`it belongs to ${name}`);
    return versions;
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    problems.push(`the tag ${ATTESTED}: ${error.message}`);
    return [];
  }
}

function recordProblems(
  { id, name, landed_under }: Pick<DefinitionState, 'id' | 'name' | 'landed_under'>,
  { version, commit, tag, record: text }: Version,
  attested: Attestation['versions'],
): string[] {
  try {
    const record = parseRecord(text);
    const strange = strangeness(record, { id, name, version, commit });
    if (strange !== null) return [strange];
    const isNamed = record.name !== undefined || attested.some((one) => one.tag === tag);
    const isTold =
      !record.landed_under || readUnder(record, { landed_under: landed_under ?? {} }) !== null;
    return [
      ...(isNamed
        ? []
        : [`the tag v${version} does not name its definition, and there is no attestation`]),
      ...(isTold ? [] : [`${STATE} lacks the policy that v${version} landed under`]),
    ];
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return [`the record of v${version}: ${error.message}`];
  }
}

/** Checks what `compare` does not check: the id and the number of versions in the index, and open merge requests. */
async function checkIndex(deps: LandingDeps, repository: Repository): Promise<string[]> {
  const em = deps.store.em();
  const row = await findSummary(em, repository.name, everything);
  if (!row) return [];
  const [id, known] = [await idIn(repository), await countVersions(em, row.id)];
  return [
    ...(await proposalsApart(deps, repository, row.id)),
    ...(id === row.id ? [] : [`its id is ${row.id} in the index, but ${id} in git`]),
    ...(known === (row.version ?? 0)
      ? []
      : [`the index has ${known} versions, but says version ${row.version}; ${REINDEX}`]),
  ];
}

/** Looks twice, because somebody may have changed a merge request between the reading of its row and of its refs. */
async function proposalsApart(
  { store, repositories }: LandingDeps,
  repository: Repository,
  id: number,
): Promise<string[]> {
  const apart = await apartFromRefs(store.em(), repository, id);
  if (apart.length === 0 || (await repositories.journaled()).includes(repository.name)) return [];
  const still = await apartFromRefs(store.em(), repository, id);
  return apart.filter((one) => still.includes(one)).map((problem) => `${problem}; ${REINDEX}`);
}
