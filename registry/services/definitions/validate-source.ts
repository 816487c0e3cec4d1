/** Checking a source text before it is saved. */

import type { Repositories } from '../../../repos/types.ts';
import type { Rules } from '../../access/decide.ts';
import type { Given } from '../../definitions/questions.ts';
import type { Files, Validation } from '../../definitions/types.ts';
import type { Store } from '../../store/open.ts';
import type { AnalysisRooms } from '../analysis.ts';
import { accountOf, type Caller, demand } from '../caller.ts';
import { filesOf } from '../content/files.ts';
import { importPolicyOf } from '../lab-policy.ts';
import { find } from './find-definition.ts';

export interface ValidateRooms extends AnalysisRooms {
  store: Store;
  repositories: Repositories;
  rules: Rules;
}

/** With an `id` the text stands for that definition's main file, beside its other files. */
export async function validateSource(
  rooms: ValidateRooms,
  caller: Caller,
  { source_code, name }: { source_code: string; name?: string },
  id?: number,
): Promise<Validation> {
  demand(caller, { on: 'site', do: 'sign-in' }, rooms.rules, 'definition');
  const validate = async (...given: Given<'validate'>) =>
    await rooms.analysis.ask(accountOf(caller), 'validate', ...given);
  if (id === undefined) return await validate(name, source_code, importPolicyOf(null));
  const { row, policy } = await find(rooms, caller, id);
  const beside: Files =
    row.head === null
      ? new Map()
      : await filesOf(await rooms.repositories.open(row.name), row.head);
  return await validate(name ?? row.name, source_code, policy, beside);
}
