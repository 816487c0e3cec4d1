/** Creates a definition with its first version: its repository, its state and its row. */
import { RepositoryError } from '../../../repos/errors.ts';
import type { Repositories, Repository } from '../../../repos/types.ts';
import { FOR_MAIN } from '../../../text/refs.ts';
import type { ReadContent } from '../../definitions/content.ts';
import type { DefinitionState, Override } from '../../definitions/record.ts';
import type { Files } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import { allocateDefinitionId, deleteDefinition } from '../../store/definitions.ts';
import type { Lab } from '../../store/entities/index.ts';
import { definitionsNamed, lockDefinition } from '../../store/indexing.ts';
import { isProposed, undecidedMergeRequests } from '../../store/merge-requests.ts';
import { auditDefinition } from '../audit/entries.ts';
import { auditFieldsOf, authorOf, type Caller, personOf } from '../caller.ts';
import type { SaveDeps } from '../deps.ts';
import type { Indexed } from '../landing/index-repository.ts';
import { commitFiles, land } from '../landing/landing.ts';
import type { Step } from '../landing/transaction.ts';
import { examine } from '../review/examine.ts';
import { linkTo, openNewStep, type Proposed } from '../review/propose.ts';

export interface FirstVersion {
  name: string;
  files: Files;
  lab: Lab | null;
  isPublic: boolean;
  isBuiltin: boolean;
  summary: string;
  overrides: Override[];
  /** The content of the files, if the caller has already read it. */
  content?: ReadContent;
  /** The permissions granted to version 1. */
  grants?: readonly string[];
  /** The author, for example of an imported file. By default, the caller. */
  author?: { name: string; email: string; at: Date; offsetMinutes?: number };
}

/**
 * Creates the repository and lands version 1. The calling code has checked rights and files. The journal entry is written
 * before the repository exists, so that repair can remove an empty repository after a crash. Throws `name_taken`.
 */
export async function landFirstVersion(
  deps: SaveDeps,
  caller: Caller,
  founding: FirstVersion,
): Promise<Indexed> {
  const { files } = founding;
  return await inNewRepository(deps, caller, founding, async (repository, id) =>
    land(deps, caller, {
      repository,
      from: { head: null, version: 0 },
      judged: { lab: founding.lab },
      ...(await commitFiles(repository, caller, null, files, founding)),
      state: { from: null, to: firstState(caller, id, founding) },
      grants: founding.grants ?? [],
    }),
  );
}

/**
 * Creates the repository of a proposed definition, with a state and a merge request, but without `main`. The row of the
 * merge request refers to the row of the definition, so both rows are written after the refs. After a crash in between,
 * repair removes the repository.
 */
export async function proposeFirstVersion(
  deps: SaveDeps,
  caller: Caller,
  founding: FirstVersion,
): Promise<{ definition: Indexed; mergeRequest: Proposed }> {
  const { name, files, lab, summary } = founding;
  let number = 0;
  const definition = await inNewRepository(deps, caller, founding, async (repository, id) => {
    const author = { ...authorOf(caller), at: new Date() };
    const head = await repository.commit({
      parent: null,
      changes: files,
      author,
      committer: author,
      message: `${summary.trim()}\n`,
    });
    const examined = await examine(repository, null, head, [await repository.readCommit(head)]);
    const row = { id, name, lab_id: lab?.id ?? null };
    const how = { summary, source: FOR_MAIN };
    const step = await openNewStep(deps, caller, row, examined, how);
    number = step.mergeRequest;
    return land(deps, caller, {
      repository,
      from: { head: null, version: 0 },
      judged: { lab: founding.lab },
      versions: [],
      state: { from: null, to: firstState(caller, id, founding) },
      steps: [beginAfterRefs(step)],
    });
  });
  return { definition, mergeRequest: linkTo(deps, number) };
}

const beginAfterRefs = ({ begin, finish, mergeRequest, updates }: Step): Step => ({
  mergeRequest,
  updates,
  async finish(em) {
    await begin?.(em);
    await finish(em);
  },
});

async function inNewRepository(
  deps: SaveDeps,
  caller: Caller,
  founding: FirstVersion,
  work: (repository: Repository, id: number) => Promise<Indexed>,
): Promise<Indexed> {
  const { store, repositories } = deps;
  const { name } = founding;
  await releaseName(deps, caller, founding);
  const id = await allocateDefinitionId(store.em());
  await repositories.addJournalEntry(name);
  const repository = await createRepository(repositories, name);
  try {
    const indexed = await work(repository, id);
    await repositories.removeJournalEntry(name);
    return indexed;
  } catch (error) {
    let isRemoved = false;
    try {
      if ((await repository.refs()).size === 0) {
        await repositories.remove(name);
        isRemoved = true;
      }
    } finally {
      await (isRemoved
        ? repositories.removeJournalEntry(name)
        : repositories.leaveJournalEntry(name));
    }
    throw error;
  }
}

/**
 * Frees the name of a definition without versions if all its merge requests are closed. Throws `name_taken` if any other
 * definition has the name, even an archived one.
 */
async function releaseName(
  { store, repositories }: SaveDeps,
  caller: Caller,
  { name, lab }: FirstVersion,
): Promise<void> {
  const [old] = await definitionsNamed(store.em(), [name]);
  if (!old) return;
  if (old.version !== null) throw nameTaken(name);
  await repositories.addJournalEntry(old.name);
  try {
    await store.transaction(async (em) => {
      await lockDefinition(em, old.id);
      const open = await undecidedMergeRequests(em, old.id);
      if (open.length > 0 || !(await isProposed(em, old.id))) throw nameTaken(name);
      await deleteDefinition(em, old.id);
      const { lab_id } = old;
      // If the new definition belongs to another lab, the entry names no lab: the old lab must not learn who has the name.
      const freed = { ...old, lab_id: lab_id === (lab?.id ?? null) ? lab_id : null };
      const before = { name: old.name, lab_id };
      await auditDefinition(em, auditFieldsOf(caller), freed, 'definition.released', before, null);
    });
    await repositories.remove(old.name);
  } catch (error) {
    if (error instanceof Problem) await repositories.removeJournalEntry(old.name);
    else await repositories.leaveJournalEntry(old.name);
    throw error;
  }
  await repositories.removeJournalEntry(old.name);
}

function firstState(caller: Caller, id: number, founding: FirstVersion): DefinitionState {
  const { name, lab, isPublic, isBuiltin } = founding;
  const now = new Date().toISOString();
  return {
    id,
    name,
    lab: lab && { id: lab.id, code: lab.code, name: lab.name },
    created_by: personOf(caller),
    created_at: now,
    updated_at: now,
    is_public: isPublic,
    is_builtin: isBuiltin,
    archived_at: null,
    deprecated: {},
    revoked: {},
  };
}

async function createRepository(repositories: Repositories, name: string): Promise<Repository> {
  try {
    return await repositories.create(name);
  } catch (error) {
    if (error instanceof RepositoryError && error.code === 'repository_exists') {
      await repositories.removeJournalEntry(name);
      throw nameTaken(name);
    }
    await repositories.leaveJournalEntry(name);
    throw error;
  }
}

const nameTaken = (name: string): Problem =>
  new Problem(
    'name_taken',
    `There is already a definition named ${name} (case is ignored). Choose another name.`,
    [{ path: 'name', message: 'is taken' }],
  );
