/** Creates a definition through the API. */

import { type DefinitionFacts, decide, type Rules } from '../../access/decide.ts';
import { checkName } from '../../definitions/names.ts';
import { Problem } from '../../errors.ts';
import type { NewDefinition } from '../../schemas/definitions.ts';
import type { Lab } from '../../store/entities/index.ts';
import { findLab } from '../../store/labs.ts';
import { authorize, type Caller, requirePerson } from '../caller.ts';
import type { SaveDeps } from '../deps.ts';
import { importPolicyOf } from '../lab-policy.ts';
import type { Indexed } from '../landing/index-repository.ts';
import type { Proposed } from '../review/propose.ts';
import { landFirstVersion, proposeFirstVersion } from './first-version.ts';
import { freeNames } from './free-names.ts';
import { checkFiles, compose, policyFor } from './save-files.ts';
import { decideLanding, requireGrantRights } from './save-rights.ts';

/**
 * `POST /api/instrument-definitions`: lands the definition, or opens a merge request if it needs review. Throws
 * `Problem`.
 */
export async function createDefinition(
  deps: SaveDeps,
  caller: Caller,
  body: NewDefinition,
): Promise<{ definition: Indexed; mergeRequest?: Proposed }> {
  const { name, lab_id, is_public, change_summary, override, grants, ...change } = body;
  authorize(caller, { on: 'site', do: 'sign-in' }, deps.rules, 'definition');
  const lab = await labFor(deps, caller, lab_id);
  const of = {
    labId: lab?.id ?? null,
    isPublic: false,
    isBuiltin: false,
    isApproved: false,
    isArchived: false,
    directLanding: lab?.direct_landing ?? ('admins' as const),
  };
  authorize(caller, { on: 'lab', do: 'propose', labId: of.labId }, deps.rules, 'lab');
  const wrong = checkName(name);
  if (wrong !== null) throw new Problem('invalid', wrong, [{ path: 'name', message: wrong }]);
  const files = await compose(deps, caller, name, new Map(), change);
  const approved = { ...of, isApproved: true };
  if (is_public) requirePublishing(caller, approved, deps.rules);
  const way = decideLanding(caller, approved, deps.rules, override);
  requireGrantRights(deps, caller, of.labId, way.lands, grants);
  const save = { policy: importPolicyOf(lab), lab, files, grants, lands: way.lands, name };
  const policy = await policyFor(deps, caller, save);
  const { base_class } = body;
  const { source_code } = change;
  const content = await checkFiles(deps, caller, name, files, base_class, policy, source_code);
  const founding = {
    name,
    files,
    lab,
    isPublic: is_public ?? false,
    isBuiltin: false,
    summary: change_summary ?? `Add ${name}`,
    overrides: [],
    ...(grants && { grants }),
  };
  try {
    if (!way.lands) return await proposeFirstVersion(deps, caller, founding);
    const landing = { ...founding, ...way, ...(content && { content }) };
    return { definition: await landFirstVersion(deps, caller, landing) };
  } catch (error) {
    throw await withFreeName(deps, error, name, lab);
  }
}

/** Adds a suggestion for a free name to the error `name_taken`. */
async function withFreeName(
  { store }: SaveDeps,
  error: unknown,
  name: string,
  lab: Lab | null,
): Promise<unknown> {
  if (!(error instanceof Problem) || error.code !== 'name_taken') return error;
  const freeName = (await freeNames(store, [name], lab?.code ?? null)).get(name);
  if (freeName === undefined) return error;
  const message = `There is already a definition named ${name} (case is ignored). The name ${freeName} is free: rename the class and its file to ${freeName}.`;
  return new Problem('name_taken', message, error.errors, { cause: error, freeName });
}

/**
 * Throws `forbidden` if the caller may not publish. The approval of a proposal does not publish the definition, so an
 * admin must publish it later.
 */
function requirePublishing(caller: Caller, of: DefinitionFacts, rules: Rules): void {
  if (decide(caller.actor, { on: 'definition', do: 'manage', of }, rules).allowed) return;
  throw new Problem(
    'forbidden',
    'Only an admin of the lab may make a definition public. Omit is_public. An admin can set is_public after the approval.',
  );
}

/** The lab of a new definition: the lab in the request or, without one, the only lab of the caller. */
async function labFor(
  { store, rules }: SaveDeps,
  caller: Caller,
  labId: number | null | undefined,
): Promise<Lab | null> {
  const { roles } = requirePerson(caller);
  const id = labId ?? (labId === undefined && roles.size === 1 ? [...roles.keys()][0] : null);
  if (id === null || id === undefined) {
    if (decide(caller.actor, { on: 'lab', do: 'read', labId: null }, rules).allowed) return null;
    throw new Problem('invalid', 'Specify the lab that the definition belongs to.', [
      { path: 'lab_id', message: `must be one of your labs: ${[...roles.keys()].join(', ')}` },
    ]);
  }
  authorize(caller, { on: 'lab', do: 'propose', labId: id }, rules, 'lab');
  const lab = await findLab(store.em(), id);
  if (!lab)
    throw new Problem('invalid', 'There is no such lab.', [
      { path: 'lab_id', message: 'there is no such lab' },
    ]);
  return lab;
}
