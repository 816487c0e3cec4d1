/**
 * Sends the histories of many definitions as one stream, for the first sync of a computer. Each part is a line of JSON,
 * `{"name", "size"}`, followed by `size` bytes: a git bundle of `main` and the tags of its versions. The last line,
 * `{"end": true}`, shows that the stream is complete. A stream can take long, so the computer's rights are checked again
 * before each part.
 */
import type { Repositories } from '../../../repos/types.ts';
import { type Actor, decide, type Rules } from '../../access/decide.ts';
import { authorize, type Caller } from '../caller.ts';
import type { DefinitionAccess } from '../definitions/find-definition.ts';

export interface HistoryDeps {
  repositories: Repositories;
  rules: Rules;
  /** Finds a definition by its exact name, without a check of rights. */
  definition: (name: string) => Promise<DefinitionAccess | undefined>;
  /** The current actor of the request. Undefined if the token of the request has been revoked in the meantime. */
  asker: () => Promise<Actor | undefined>;
  /** Receives the reason why a history cannot be sent. The computer then fetches the history by git. */
  onError: (error: unknown, name: string) => void;
}

/** How many histories are prepared in advance while one is being sent. */
const AHEAD = 4;
const END = Buffer.from('{"end":true}\n');

/**
 * Reads the histories for a computer. `size` is 0 if the computer may not see the definition or if its history is too
 * large for this stream. The computer then fetches the definition by git, which reports the reason.
 */
export function readHistories(
  deps: HistoryDeps,
  caller: Caller,
  names: readonly string[],
): AsyncGenerator<Buffer> {
  authorize(caller, { on: 'own-sync', do: 'use' }, deps.rules, 'computer');
  return parts(deps, [...new Set(names)]);
}

async function* parts(deps: HistoryDeps, names: readonly string[]): AsyncGenerator<Buffer> {
  const ahead: Promise<Buffer | undefined>[] = [];
  for (const [at, name] of names.entries()) {
    while (ahead.length <= AHEAD && at + ahead.length < names.length) {
      ahead.push(bundleOf(deps, names[at + ahead.length] as string));
    }
    const prepared = await ahead.shift();
    // The rights are checked again, because sending the parts before may have taken long.
    if (!(await deps.asker())) return;
    const bundle = prepared && (await mayRead(deps, name)) ? prepared : undefined;
    yield Buffer.from(`${JSON.stringify({ name, size: bundle?.length ?? 0 })}\n`);
    if (bundle !== undefined) yield bundle;
  }
  yield END;
}

async function bundleOf(deps: HistoryDeps, name: string): Promise<Buffer | undefined> {
  try {
    if (!(await mayRead(deps, name))) return undefined;
    const repository = await deps.repositories.open(name);
    return await repository.versionsBundle();
  } catch (error) {
    deps.onError(error, name);
    return undefined;
  }
}

async function mayRead({ asker, definition, rules }: HistoryDeps, name: string): Promise<boolean> {
  const [actor, found] = await Promise.all([asker(), definition(name)]);
  if (!actor || !found) return false;
  return decide(actor, { on: 'definition', do: 'read', of: found.facts }, rules).allowed;
}
