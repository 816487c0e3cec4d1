/** The commit of a change: what is written, by whom, with the registry's trailers. */
import type { Repository, Signature } from '../../../repos/types.ts';
import { landingMessage, type Override } from '../../definitions/record.ts';
import { authorOf, type Caller } from '../caller.ts';
import type { NewVersion } from './landing.ts';

/** Writes the commit of a save: `changes` laid over the files of `head`. No ref moves yet. */
export async function commitFiles(
  repository: Repository,
  caller: Caller,
  head: string | null,
  changes: ReadonlyMap<string, Uint8Array | null>,
  { summary, overrides, author }: { summary: string; overrides: Override[]; author?: Signature },
): Promise<NewVersion> {
  const committer = { ...authorOf(caller), at: new Date() };
  const commit = await repository.commit({
    parent: head,
    changes,
    author: author ?? committer,
    committer,
    message: landingMessage(summary, [
      ['Landed-by', `${committer.name} <${committer.email}>`],
      ...overrides.map(({ code, message }): [string, string] => ['Override', `${code} ${message}`]),
    ]),
  });
  const { name, email } = author ?? committer;
  return { commit, author: { name, email }, summary, overrides };
}
