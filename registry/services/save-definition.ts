/** Creating a definition, and changing one: the saves of the API. */

import { RepositoryError } from '../../repos/errors.ts';
import type { Repositories, Repository } from '../../repos/types.ts';
import type { DefinitionFacts, Rules } from '../access/decide.ts';
import { describe } from '../definitions/metadata.ts';
import { checkName } from '../definitions/names.ts';
import { landingMessage, type Override, parseState } from '../definitions/record.ts';
import type { Files, ImportPolicy } from '../definitions/types.ts';
import { validateDefinition } from '../definitions/validate.ts';
import { Problem, type ProblemDetail } from '../errors.ts';
import type { DefinitionChange, NewDefinition } from '../schemas/definitions.ts';
import { allocateDefinitionId } from '../store/definitions.ts';
import type { Lab } from '../store/entities/index.ts';
import { isNameTaken } from '../store/indexing.ts';
import { findLab } from '../store/labs.ts';
import type { Store } from '../store/open.ts';
import { authorOf, type Caller, demand, personOf } from './caller.ts';
import { compose } from './compose.ts';
import { changesBetween, filesOf, mainFile } from './files.ts';
import { find, policyOf } from './find-definition.ts';
import type { Indexed } from './index-repository.ts';
import { land, type NewVersion } from './landing.ts';

export interface SaveRooms {
  store: Store;
  repositories: Repositories;
  rules: Rules;
  /** Largest file, in bytes. */
  maxFileBytes: number;
}

/** `POST /api/instrument-definitions`. Throws `Problem`. */
export async function createDefinition(
  rooms: SaveRooms,
  caller: Caller,
  body: NewDefinition,
): Promise<Indexed> {
  const { name, lab_id, is_public, change_summary, ...change } = body;
  demand(caller, { on: 'site', do: 'sign-in' }, rooms.rules, 'definition');
  const lab = await labFor(rooms, caller, lab_id);
  const of = {
    labId: lab?.id ?? null,
    isPublic: false,
    isBuiltin: false,
    isApproved: false,
    directLanding: lab?.direct_landing ?? ('admins' as const),
  };
  demand(caller, { on: 'lab', do: 'propose', labId: of.labId }, rooms.rules, 'lab');
  demandLanding(caller, of, rooms.rules);
  const wrong = checkName(name);
  if (wrong !== null) throw new Problem('invalid', wrong, [{ path: 'name', message: wrong }]);
  const files = compose(name, new Map(), change);
  checkFiles(name, files, body.base_class, policyOf(lab), rooms.maxFileBytes);
  return await found(rooms, caller, {
    name,
    files,
    lab,
    isPublic: is_public ?? false,
    isBuiltin: false,
    summary: change_summary ?? `Add ${name}`,
    overrides: [],
  });
}

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
  });
}

/** `PUT /api/instrument-definitions/:id`. Throws `Problem`. */
export async function changeDefinition(
  rooms: SaveRooms,
  caller: Caller,
  key: number,
  body: DefinitionChange,
): Promise<void> {
  const { row, facts, policy } = await find(rooms, caller, key);
  const { lab_id, is_public, change_summary, expected_version, ...change } = body;
  demand(caller, { on: 'definition', do: 'propose', of: facts }, rooms.rules, 'definition');
  if (expected_version !== undefined && expected_version !== row.version) {
    throw new Problem(
      'conflict',
      `${row.name} is at version ${row.version}, not ${expected_version}: read it again and repeat your change on top.`,
    );
  }
  const repository = await rooms.repositories.open(row.name);
  const head = await repository.head();
  const before: Files = head === null ? new Map() : await filesOf(repository, head);
  const files = compose(row.name, before, change);
  const changed = changesBetween(before, files).size > 0;
  if (changed || body.base_class !== undefined) {
    checkFiles(row.name, files, body.base_class, policy, rooms.maxFileBytes);
  }
  if (changed) demandLanding(caller, facts, rooms.rules);
  const moved = await movedState(rooms, caller, repository, { lab_id, is_public });
  if (!changed && !moved) return;
  const summary = change_summary ?? `Update ${row.name}`;
  await land(rooms, caller, {
    repository,
    from: { head, version: row.version ?? 0 },
    versions: changed
      ? [await commitFiles(repository, caller, head, files, { summary, overrides: [] })]
      : [],
    ...moved,
  });
}

/** Writes the commit of a save; no ref moves yet. */
export async function commitFiles(
  repository: Repository,
  caller: Caller,
  head: string | null,
  files: Files,
  { summary, overrides, author }: Pick<Founding, 'summary' | 'overrides' | 'author'>,
): Promise<NewVersion> {
  const committer = { ...authorOf(caller), at: new Date() };
  const before: Files = head === null ? new Map() : await filesOf(repository, head);
  const commit = await repository.commit({
    parent: head,
    changes: changesBetween(before, files),
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

/** Refuses what is not a valid definition, with every place where it is not. */
export function checkFiles(
  name: string,
  files: Files,
  baseClass: string | undefined,
  policy: ImportPolicy,
  maxFileBytes: number,
): void {
  for (const [path, content] of files) {
    if (content.byteLength > maxFileBytes) {
      const message = `${path} has ${content.byteLength} bytes; ${maxFileBytes} are allowed`;
      throw new Problem('invalid', message, [{ path: `files/${path}`, message }]);
    }
  }
  const { valid, errors, class_info } = validateDefinition(name, files, policy);
  if (!valid) {
    const details: ProblemDetail[] = errors.map((found) => {
      const file = found.file ?? mainFile(name);
      return { path: file === mainFile(name) ? 'source_code' : `files/${file}`, ...found };
    });
    const [first] = errors;
    const where = first && `${first.file ?? mainFile(name)}:${first.line}:${first.column}: `;
    throw new Problem('invalid_definition', `${where ?? ''}${first?.message}`, details);
  }
  if (baseClass === undefined) return;
  const stated = [describe(name, files).base_class, ...(class_info?.base_classes ?? [])];
  const last = (dotted: string) => dotted.slice(dotted.lastIndexOf('.') + 1);
  if (!stated.some((base) => base !== null && last(base) === last(baseClass))) {
    const message = `the class ${name} has the base ${class_info?.base_classes.join(', ')}, not ${baseClass}`;
    throw new Problem('invalid', `base_class: ${message}`, [{ path: 'base_class', message }]);
  }
}

/** Whoever may propose but not land is told what will be possible, and nothing changes. */
function demandLanding(caller: Caller, of: DefinitionFacts, rules: Rules): void {
  try {
    demand(caller, { on: 'definition', do: 'land', of }, rules, 'definition');
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'forbidden') throw error;
    throw new Problem(
      'review_required',
      `${error.message} Ask an admin of the lab to land this change for you.`,
      undefined,
      { cause: error },
    );
  }
}

/** The lab of a new definition: the one named, or the caller's only one. */
async function labFor(
  { store, rules }: SaveRooms,
  caller: Caller,
  labId: number | null | undefined,
): Promise<Lab | null> {
  if (caller.actor.kind === 'nobody') return null;
  const { roles, isAdmin } = caller.actor;
  const id = labId ?? (labId === undefined && roles.size === 1 ? [...roles.keys()][0] : null);
  if (id === null || id === undefined) {
    if (isAdmin) return null;
    throw new Problem('invalid', 'Say which lab the definition belongs to.', [
      { path: 'lab_id', message: `must be one of your labs: ${[...roles.keys()].join(', ')}` },
    ]);
  }
  demand(caller, { on: 'lab', do: 'propose', labId: id }, rules, 'lab');
  const lab = await findLab(store.em(), id);
  if (!lab)
    throw new Problem('invalid', 'There is no such lab.', [
      { path: 'lab_id', message: 'there is no such lab' },
    ]);
  return lab;
}

/** The state with `lab_id` and `is_public` changed, where they do change; that needs an admin of both labs. */
async function movedState(
  { store, rules }: SaveRooms,
  caller: Caller,
  repository: Repository,
  wanted: { lab_id: number | null | undefined; is_public: boolean | undefined },
) {
  const state = parseState((await repository.readState()) ?? '');
  const before = { lab_id: state.lab?.id ?? null, is_public: state.is_public };
  const after = {
    lab_id: wanted.lab_id === undefined ? before.lab_id : wanted.lab_id,
    is_public: wanted.is_public ?? before.is_public,
  };
  if (after.lab_id === before.lab_id && after.is_public === before.is_public) return undefined;
  demand(caller, { on: 'lab', do: 'manage', labId: before.lab_id }, rules, 'lab');
  demand(caller, { on: 'lab', do: 'manage', labId: after.lab_id }, rules, 'lab');
  const lab = after.lab_id === null ? null : await findLab(store.em(), after.lab_id);
  if (after.lab_id !== null && !lab) {
    throw new Problem('invalid', 'There is no such lab.', [
      { path: 'lab_id', message: 'there is no such lab' },
    ]);
  }
  return {
    state: {
      ...state,
      lab: lab && { id: lab.id, code: lab.code, name: lab.name },
      is_public: after.is_public,
      updated_at: new Date().toISOString(),
    },
    event: { action: 'definition.moved', before, after },
  };
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
