/** Validates a source text before it is saved. */

import type { Repositories } from '../../../repos/types.ts';
import type { Rules } from '../../access/decide.ts';
import type { Given } from '../../definitions/questions.ts';
import type { Files, Validation } from '../../definitions/types.ts';
import type { ValidateRequest } from '../../schemas/definitions.ts';
import type { Store } from '../../store/open.ts';
import type { AnalysisDeps } from '../analysis.ts';
import { accountOf, authorize, type Caller } from '../caller.ts';
import { filesOf } from '../content/files.ts';
import { importPolicyOf } from '../lab-policy.ts';
import { loadDefinition } from './find-definition.ts';

export interface ValidateDeps extends AnalysisDeps {
  store: Store;
  repositories: Repositories;
  rules: Rules;
}

/**
 * Validates a text. If `id` names a definition, the text replaces its main file, and `files` replace other files of the
 * same names.
 */
export async function validateSource(
  deps: ValidateDeps,
  caller: Caller,
  { source_code, name, files = {} }: ValidateRequest,
  id?: number,
): Promise<Validation> {
  authorize(caller, { on: 'site', do: 'sign-in' }, deps.rules, 'definition');
  const validate = async (...given: Given<'validate'>) =>
    await deps.analysis.ask(accountOf(caller), 'validate', ...given);
  if (id === undefined)
    return await validate(name, source_code, importPolicyOf(null), new Map(), files);
  const { row, policy } = await loadDefinition(deps, caller, id);
  const beside: Files =
    row.head === null ? new Map() : await filesOf(await deps.repositories.open(row.name), row.head);
  return await validate(name ?? row.name, source_code, policy, beside, files);
}
