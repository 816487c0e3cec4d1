/** The first version of a definition: its repository, its state, its row. */
import { RepositoryError } from '../../repos/errors.ts';
import type { Repositories, Repository } from '../../repos/types.ts';
import type { Override } from '../definitions/record.ts';
import type { Files } from '../definitions/types.ts';
import { Problem } from '../errors.ts';
import { allocateDefinitionId } from '../store/definitions.ts';
import type { Lab } from '../store/entities/index.ts';
import { isNameTaken } from '../store/indexing.ts';
import { type Caller, personOf } from './caller.ts';
import { commitFiles } from './commit-files.ts';
import type { Indexed } from './index-repository.ts';
import { land } from './landing.ts';
import type { SaveRooms } from './rooms.ts';

export interface Founding {
  name: string;
  files: Files;
  lab: Pick<Lab, 'id' | 'code' | 'name'> | null;
  isPublic: boolean;
  isBuiltin: boolean;
  summary: string;
  overrides: Override[];
  /** Who wrote it, where that is not the caller (an import keeps authorship). */
  author?: { name: string; email: string; at: Date; offsetMinutes?: number };
}

/**
 * Makes the repository and lands version 1. Everything has been decided and checked before. The note in the
 * journal stands from before the repository exists, so that a crash leaves no empty one. Throws `name_taken`.
 */
export async function found(
  rooms: SaveRooms,
  caller: Caller,
  founding: Founding,
): Promise<Indexed> {
  const { store, repositories } = rooms;
  const { name } = founding;
  if (await isNameTaken(store.em(), name)) throw nameTaken(name);
  const id = await allocateDefinitionId(store.em());
  await repositories.note(name);
  const repository = await createRepository(repositories, name);
  try {
    const indexed = await landFirst(rooms, caller, repository, id, founding);
    await repositories.strike(name);
    return indexed;
  } catch (error) {
    if ((await repository.refs()).size === 0) {
      await repositories.remove(name);
      await repositories.strike(name);
    }
    throw error;
  }
}

async function landFirst(
  rooms: SaveRooms,
  caller: Caller,
  repository: Repository,
  id: number,
  { name, lab, files, isPublic, isBuiltin, ...how }: Founding,
): Promise<Indexed> {
  const now = new Date().toISOString();
  return await land(rooms, caller, {
    repository,
    from: { head: null, version: 0 },
    versions: [await commitFiles(repository, caller, null, files, how)],
    state: {
      from: null,
      to: {
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
      },
    },
  });
}

async function createRepository(repositories: Repositories, name: string): Promise<Repository> {
  try {
    return await repositories.create(name);
  } catch (error) {
    await repositories.strike(name);
    if (error instanceof RepositoryError && error.code === 'repository_exists') {
      throw nameTaken(name);
    }
    throw error;
  }
}

const nameTaken = (name: string): Problem =>
  new Problem(
    'name_taken',
    `There is a definition named ${name} already (case does not count). Choose another name.`,
    [{ path: 'name', message: 'is taken' }],
  );
