/** Reads and writes the results of testing versions on bench computers. */
import type { Key } from './cursor.ts';
import { TestResult } from './entities/index.ts';
import { listEntities } from './paging.ts';
import type { EntityManager, Listed, Page } from './types.ts';

export type NewTestResult = Pick<
  TestResult,
  | 'definition_id'
  | 'version'
  | 'commit'
  | 'computer_name'
  | 'lab_id'
  | 'state'
  | 'summary'
  | 'details'
  | 'items'
  | 'kinds'
> & { computer: number };

/** How many results of one computer for one version are kept. */
const KEPT = 20;

/** Adds the newest result of a computer for a version. The computer's row must be locked (`holdBench`). */
export async function addTestResult(em: EntityManager, fields: NewTestResult): Promise<TestResult> {
  const { definition_id, version, computer, state } = fields;
  const of = { definition_id, version, computer };
  const before = await em.findOne(TestResult, { ...of, is_newest: true });
  if (before) await em.nativeUpdate(TestResult, { id: before.id }, { is_newest: false });
  const now = new Date();
  const since = before?.state === state ? before.since : now;
  const added = em.create(TestResult, { ...fields, is_newest: true, since, created_at: now });
  await em.persist(added).flush();
  await em.execute(
    `delete from test_results where definition_id = ? and version = ? and computer = ? and id not in (
       select id from test_results where definition_id = ? and version = ? and computer = ?
        order by id desc limit ${KEPT})`,
    [definition_id, version, computer, definition_id, version, computer],
    'run',
  );
  return added;
}

const NEWEST_FIRST: Key[] = [{ column: 'id', kind: 'number', descending: true }];

/** A page of the results for a version, newest first. `labs` limits them to the computers of these labs. */
export async function listTestResults(
  em: EntityManager,
  { definitionId, version, labs, ...page }: Page & TestResultFilters,
): Promise<Listed<TestResult>> {
  const of = { definition_id: definitionId, version };
  const where = labs === undefined ? of : { ...of, lab_id: { $in: labs } };
  return await listEntities(em, TestResult, where, NEWEST_FIRST, page);
}

interface TestResultFilters {
  definitionId: number;
  version: number;
  labs: number[] | undefined;
}

/** A result that counts, as `STANDING_RESULTS` selects it. */
export type StandingResult = Pick<TestResult, 'state' | 'items' | 'kinds'> & {
  /** Times as JSON has them. */
  since: string;
  at: string;
};

/**
 * SQL for the results of a version `v` that count, oldest first, as JSON; null if there are none. A result counts if it
 * is the newest of its computer, and the computer is a bench of the lab that owns the definition.
 * @param labId SQL for the id of the lab that owns the definition
 */
export const standingResults = (labId: string): string => `(
  select jsonb_agg(jsonb_build_object('state', r.state, 'items', r.items, 'kinds', r.kinds,
                                      'since', r.since, 'at', r.created_at) order by r.id)
    from test_results r join computers k on k.id = r.computer
   where r.definition_id = v.definition_id and r.version = v.version and r.commit = v.commit
     and r.is_newest and k.is_bench and k.lab_id = ${labId})`;
