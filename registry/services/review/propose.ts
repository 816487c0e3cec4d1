/**
 * Opens a merge request for a change that cannot land directly. Further saves of the same person update this merge
 * request as long as it is open.
 */
import type { Oid, RefUpdate, Repository, Tip } from '../../../repos/types.ts';
import { FOR_MAIN, headRef } from '../../../text/refs.ts';
import type { Definition, MergeRequest } from '../../store/entities/index.ts';
import { allocateMergeRequestId, openMergeRequestFor } from '../../store/merge-requests.ts';
import { auditFieldsOf, authorOf, type Caller } from '../caller.ts';
import { commitsBeyondVersions, newestProposal } from '../content/history.ts';
import type { SaveDeps } from '../deps.ts';
import { applySteps, type Step } from '../landing/transaction.ts';
import { examine } from './examine.ts';
import { moveStep, openStep, sourceOf } from './steps.ts';
import { asText, asTitle } from './wording.ts';

export interface Proposed {
  id: number;
  url: string;
}

/** The merge request and the commit that a person's next save builds on. */
export interface Ground {
  /** The person's open merge request, which the save updates. */
  own: MergeRequest | null;
  parent: Oid | null;
  base: Oid | null;
}

/**
 * A save builds on the caller's open merge request or, if the caller has none, on `main`. If the definition has no
 * version yet, the save builds on the newest merge request.
 */
export async function findGround(
  deps: SaveDeps,
  caller: Caller,
  definition: Pick<Definition, 'id'>,
  repository: Repository,
  tip: Tip,
): Promise<Ground> {
  const source = sourceOf(FOR_MAIN, auditFieldsOf(caller).actor_id);
  const own = await openMergeRequestFor(deps.store.em(), definition.id, source);
  if (own) return { own, parent: own.head, base: own.base };
  const parent = tip.head ?? newestProposal(await repository.refs());
  return { own, parent, base: tip.head };
}

/** Commits the changes, and opens or updates the merge request. Throws `Problem` `conflict`. */
export async function propose(
  deps: SaveDeps,
  caller: Caller,
  definition: Pick<Definition, 'id' | 'name' | 'lab_id'>,
  repository: Repository,
  { own, parent, base }: Ground,
  how: { summary: string } & ({ changes: ReadonlyMap<string, Uint8Array | null> } | { tree: Oid }),
): Promise<Proposed> {
  const { summary, ...what } = how;
  const author = { ...authorOf(caller), at: new Date() };
  const head = await repository.commit({
    ...what,
    parent,
    author,
    committer: author,
    message: `${summary.trim()}\n`,
  });
  const commits = await commitsBeyondVersions(repository, await repository.refs(), head);
  const examined = await examine(repository, base, head, commits);
  const step = own
    ? moveStep(caller, own, examined)
    : await openNewStep(deps, caller, definition, examined, {
        summary,
        ...('changes' in how && { source: FOR_MAIN }),
      });
  await applySteps(deps, repository, [step]);
  return linkTo(deps, step.mergeRequest);
}

interface Opening {
  /** The first line becomes the title, the rest the description. Values in `options` replace title and description. */
  summary: string;
  source?: string;
  options?: { title?: string; description?: string; draft?: boolean };
  /** The update of the branch that goes with the merge request. */
  branch?: RefUpdate[];
}

/** The step that opens a merge request. Without a branch, the merge request's own ref becomes its source. */
export async function openNewStep(
  { store }: Pick<SaveDeps, 'store'>,
  caller: Caller,
  definition: Pick<Definition, 'id' | 'name' | 'lab_id'>,
  examined: Awaited<ReturnType<typeof examine>>,
  { summary, source, options = {}, branch }: Opening,
): Promise<Step> {
  const id = await allocateMergeRequestId(store.em());
  const [title = '', ...rest] = summary.trim().split(/\r?\n/);
  return openStep(
    caller,
    {
      id,
      definition_id: definition.id,
      definition: definition.name,
      lab_id: definition.lab_id,
      title: asTitle(title).text || `Change ${definition.name}`,
      description: asText(rest.join('\n')).text,
      draft: false,
      source_ref: source ?? headRef(id),
      ...options,
    },
    examined,
    branch,
  );
}

export const linkTo = ({ publicUrl }: Pick<SaveDeps, 'publicUrl'>, id: number): Proposed => ({
  id,
  url: `${publicUrl()}/merge-requests/${id}`,
});
