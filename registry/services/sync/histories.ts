/**
 * The histories of many definitions as one stream, for the first sync of a computer. Each part is a line of JSON,
 * `{"name", "size"}`, and `size` bytes, which are a git bundle of `main` and the tags of its versions. The last line
 * is `{"end": true}`, which tells a whole stream from one that broke off. A stream can take long, so each part is decided
 * on for what its asker may do by then.
 */
import type { Repositories } from '../../../repos/types.ts';
import { type Actor, decide, type Rules } from '../../access/decide.ts';
import { authorize, type Caller } from '../caller.ts';
import type { DefinitionAccess } from '../definitions/find-definition.ts';

export interface HistoryDeps {
  repositories: Repositories;
  rules: Rules;
  /** A definition by its exact name, whoever asks. */
  definition: (name: string) => Promise<DefinitionAccess | undefined>;
  /** Who asks now; undefined once the token of the request has been taken back. */
  asker: () => Promise<Actor | undefined>;
  /** Called with the reason why a history cannot be sent. The computer then asks for it by git. */
  onError: (error: unknown, name: string) => void;
}

/** How many histories are prepared while one is being sent. */
const AHEAD = 4;
const END = Buffer.from('{"end":true}\n');

/**
 * Only for a computer. `size` is 0 for a definition that the computer may not see, and for a history that is too large
 * for this answer: the computer fetches it by git, which explains what is wrong.
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
    // Decided again: the reader may have been slow.
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
