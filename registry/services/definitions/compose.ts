/** What the API's fields make of a definition's files. */
import type { Files } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import type { DefinitionChange } from '../../schemas/definitions.ts';
import type { AnalysisDeps } from '../analysis.ts';
import { accountOf, type Caller } from '../caller.ts';

/** The files of `name` after `change`. Throws `invalid`, naming each field that cannot be. */
export async function compose(
  { analysis }: AnalysisDeps,
  caller: Caller,
  name: string,
  before: Files,
  change: DefinitionChange,
): Promise<Files> {
  const composed = await analysis.ask(accountOf(caller), 'compose', name, before, change);
  if ('files' in composed) return composed.files;
  const { unfit } = composed;
  const text = unfit.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw new Problem('invalid', text, unfit);
}
