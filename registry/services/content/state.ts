/** The registry's state of a definition, as its repository has it. */
import type { Oid, Repository } from '../../../repos/types.ts';
import { STATE } from '../../../text/refs.ts';
import { type DefinitionState, parseState, RecordError } from '../../definitions/record.ts';

/** The state, and the commit that it was read from: a change of it lands only on top of that. Throws `RecordError`. */
export async function readState(
  repository: Repository,
): Promise<{ state: DefinitionState; from: Oid }> {
  const found = await repository.readState();
  if (found === undefined) throw new RecordError(`${repository.name} has no ${STATE}`);
  return { state: parseState(found.text), from: found.oid };
}
