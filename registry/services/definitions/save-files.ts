/** Builds the files of a save from the fields of the request, and checks them before anything is written. */

import type { UnfitField } from '../../definitions/compose.ts';
import type { ReadContent } from '../../definitions/content.ts';
import type { Files, ImportPolicy } from '../../definitions/types.ts';
import { Problem } from '../../errors.ts';
import type { DefinitionChange } from '../../schemas/definitions.ts';
import type { Lab } from '../../store/entities/index.ts';
import type { AnalysisDeps } from '../analysis.ts';
import { accountOf, type Caller } from '../caller.ts';
import { findExcess, mainFile } from '../content/files.ts';
import { importPolicyOf, withGrants } from '../lab-policy.ts';
import type { Proposed } from '../review/propose.ts';

/** What a save has done. */
export interface Saved {
  /** The version that the save landed, if it landed one. */
  version?: number;
  /** The merge request that the save opened or updated, if it needs a review. */
  mergeRequest?: Proposed;
}

/** The files of definition `name` after `change`. Throws `invalid` with a list of the fields that cannot be applied. */
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

/**
 * The import policy for the check of a save. A save that becomes a merge request may use banned imports, because its
 * reviewers can grant the permissions.
 */
export async function policyFor(
  { analysis }: AnalysisDeps,
  caller: Caller,
  save: {
    policy: ImportPolicy;
    lab: Lab | null;
    files: Files;
    grants: readonly string[] | undefined;
    lands: boolean;
    name: string;
  },
): Promise<ImportPolicy> {
  const { policy, lab, files, grants, lands, name } = save;
  if (grants !== undefined) return withGrants(importPolicyOf(lab), grants);
  if (lands) return policy;
  return withGrants(policy, await analysis.ask(accountOf(caller), 'permissionsAsked', name, files));
}

/**
 * Throws `invalid_definition` with every finding if the files are invalid. Lines in findings are lines of `typed`, the
 * text of the main file in the request, if there is one. Returns the content that the index stores.
 */
export async function checkFiles(
  { analysis, maxFileBytes }: AnalysisDeps & { maxFileBytes: number },
  caller: Caller,
  name: string,
  files: Files,
  baseClass: string | undefined,
  policy: ImportPolicy,
  typed?: string,
): Promise<ReadContent | undefined> {
  for (const [path, content] of files) {
    if (content.byteLength > maxFileBytes) {
      const message = `${path} has ${content.byteLength} bytes, but at most ${maxFileBytes} are allowed`;
      throw new Problem('invalid', message, [{ path: `files/${path}`, message }]);
    }
  }
  const much = findExcess(files);
  if (much !== undefined) throw new Problem('too_large', `The version is too large: ${much}.`);
  const account = accountOf(caller);
  const saved = await analysis.ask(account, 'validateSaved', name, files, policy, typed);
  const { valid, unfit, class_info, content } = saved;
  if (!valid) {
    const { line, column, file = mainFile(name), message } = unfit[0] as UnfitField;
    const where = line === undefined ? '' : `${file}:${line}:${column}: `;
    throw new Problem('invalid_definition', `${where}${message}`, unfit);
  }
  if (baseClass === undefined) return content;
  const { base_class } = await analysis.ask(account, 'describe', name, files);
  const stated = [base_class, ...(class_info?.base_classes ?? [])];
  const last = (dotted: string) => dotted.slice(dotted.lastIndexOf('.') + 1);
  if (!stated.some((base) => base !== null && last(base) === last(baseClass))) {
    const message = `the class ${name} has the base ${class_info?.base_classes.join(', ')}, not ${baseClass}`;
    throw new Problem('invalid', `base_class: ${message}`, [{ path: 'base_class', message }]);
  }
  return content;
}
