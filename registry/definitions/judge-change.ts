/** What a change means for a definition: whether it is valid, and what it changes for those who use it. */
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
  /** What the definition is and would be. */
  before: Metadata | null;
  after: Metadata;
  /** What the files need beyond `policy`. */
  permissions: Permission[];
}

/** `before` is null for a first version; `policy` is the lab's own, and `granted` what is allowed beside it. */
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
