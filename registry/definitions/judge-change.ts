/** Validates a change of a definition and determines what it changes for users. */
import type { InterfaceChange } from './interface/change.ts';
import { compareInterfaces, type Side } from './interface/compare.ts';
import { describe } from './metadata.ts';
import { type Permission, permissionsNeeded } from './permissions.ts';
import { signatureOf } from './signature.ts';
import type { Diagnostic, Files, ImportPolicy, Metadata } from './types.ts';
import { validateDefinition } from './validate.ts';

export interface JudgedChange {
  errors: Diagnostic[];
  warnings: Diagnostic[];
  interface: InterfaceChange[];
  /** The metadata of the definition before and after the change. */
  before: Metadata | null;
  after: Metadata;
  /** What the files need that `policy` does not allow. */
  permissions: Permission[];
}

/**
 * `before` is null for a first version; `policy` is the lab's own, and `granted` what is allowed in addition.
 */
export function judgeChange(
  name: string,
  before: Files | null,
  files: Files,
  policy: ImportPolicy,
  granted: readonly string[],
): JudgedChange {
  const allowed = [...policy.allowed, ...granted];
  const { errors, warnings } = validateDefinition(name, files, { ...policy, allowed });
  const side = (files: Files): Metadata & Side => ({
    ...describe(name, files),
    signature: signatureOf(name, files),
  });
  const old = before && side(before);
  const after = side(files);
  return {
    errors,
    warnings,
    interface: compareInterfaces(old, after),
    before: old,
    after,
    permissions: permissionsNeeded(name, files, policy),
  };
}
