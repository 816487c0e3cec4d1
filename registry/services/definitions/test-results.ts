/** The results of testing versions on bench computers. */
import { masked } from '../../../text/masked.ts';
import { equipmentSeenBy } from '../../access/decide.ts';
import { Problem } from '../../errors.ts';
import type { PageOf } from '../../schemas/common.ts';
import { pick, show } from '../../schemas/pick.ts';
import type { TestDetails, TestResult, TestRun } from '../../schemas/tests.ts';
import { holdBench } from '../../store/computers.ts';
import type { TestResult as Row } from '../../store/entities/index.ts';
import { addTestResult, listTestResults } from '../../store/test-results.ts';
import { findVersion } from '../../store/versions.ts';
import { authorize, type Caller } from '../caller.ts';
import type { PeopleDeps } from '../deps.ts';
import { answerPage, splitPage } from '../pages.ts';
import { storableDetails } from '../review/test-details.ts';
import { loadDefinition, loadForReading } from './find-definition.ts';
import { kindsOf } from './tested.ts';

/**
 * `POST …/versions/:n/results`. Only bench computers of the lab that owns the definition may post. Results are telemetry,
 * so the audit trail does not contain them. Throws `forbidden`, `not_found`, `too_large`.
 */
export async function postTestResult(
  deps: PeopleDeps,
  caller: Caller,
  id: number,
  n: number,
  { state, summary = null, details }: TestRun,
): Promise<TestResult> {
  const { row, facts } = await loadDefinition(deps, caller, id);
  authorize(caller, { on: 'definition', do: 'test', of: facts }, deps.rules, 'definition');
  const { actor } = caller;
  if (actor.kind !== 'computer') throw new Error('decided above');
  const stored = storableDetails(details);
  return await deps.store.transaction(async (em) => {
    const version = await findVersion(em, row.id, n);
    if (!version) throw new Problem('not_found', `${row.name} has no version ${n}.`);
    if (!(await holdBench(em, actor.id, actor.labId)))
      throw new Problem('forbidden', 'This computer is not a bench computer of the lab any more.');
    const added = await addTestResult(em, {
      definition_id: row.id,
      version: n,
      commit: version.commit,
      computer: actor.id,
      computer_name: actor.name,
      lab_id: actor.labId,
      state,
      summary,
      details: stored,
      items: stored.items.length,
      kinds: kindsOf(stored),
    });
    return showResult(added, { labId: row.lab_id, commit: version.commit }, true);
  });
}

/**
 * `GET …/versions/:n/results`, newest first. A lab sees what its own computers posted. Members of the lab that owns the
 * definition see the results of other labs' computers masked: a definition may have had another lab.
 */
export async function listTestResultsOf(
  deps: PeopleDeps,
  caller: Caller,
  id: number,
  n: number,
  query: PageOf,
) {
  const row = await loadForReading(deps, caller, id);
  const em = deps.store.em();
  const version = await findVersion(em, row.id, n);
  if (!version) throw new Problem('not_found', `${row.name} has no version ${n}.`);
  const { labs } = equipmentSeenBy(caller.actor);
  const sees = (labId: number | null) =>
    labs === undefined || (labId !== null && labs.includes(labId));
  const { page } = splitPage(query);
  const found = await listTestResults(em, {
    definitionId: row.id,
    version: n,
    labs: sees(row.lab_id) ? undefined : labs,
    ...page,
  });
  const now = { labId: row.lab_id, commit: version.commit };
  const shown = found.items.map((result) => showResult(result, now, sees(result.lab_id)));
  return answerPage(page, found, shown);
}

/** @param now the lab that owns the definition, and the commit of the version: a result for others does not count */
function showResult(
  row: Row,
  now: { labId: number | null; commit: string },
  isOurs: boolean,
): TestResult {
  const shown = {
    ...show(row, ['id', 'version', 'commit', 'since', 'created_at']),
    state: row.state as TestResult['state'],
    standing:
      row.is_newest &&
      row.computer !== null &&
      row.lab_id === now.labId &&
      row.commit === now.commit,
    ...pick(row, ['computer_name', 'summary']),
    details: row.details as unknown as TestDetails,
  };
  return isOurs ? { ...shown, masked: false } : { ...maskedResult(shown), masked: true };
}

function maskedResult({ details, ...result }: Omit<TestResult, 'masked'>) {
  const mask = (text: string) => masked(text, [result.computer_name ?? '']);
  const items = details.items.map(({ message, difference, ...item }) => ({
    ...item,
    name: mask(item.name),
    ...(message !== undefined && { message: mask(message) }),
    ...(difference !== undefined && { difference: mask(difference) }),
  }));
  const summary = result.summary === null ? null : mask(result.summary);
  return { ...result, computer_name: null, summary, details: { ...details, items } };
}
