/** Validates a change of a definition, and finds what the change means for its users. */
import type { InterfaceChange } from './interface/change.ts';
import { compareInterfaces, type Side } from './interface/compare.ts';
import { describe } from './metadata.ts';
import { type Permission, permissionsNeeded } from './permissions.ts';
import { signatureOf } from './signature.ts';
import { compareTraffic, type TrafficChange } from './traffic.ts';
import type { Diagnostic, Files, ImportPolicy, Metadata } from './types.ts';
import { validateDefinition } from './validate.ts';

export interface JudgedChange {
  errors: Diagnostic[];
  warnings: Diagnostic[];
  interface: InterfaceChange[];
  /** The definition's metadata before the change; null for a first version. */
  before: Metadata | null;
  after: Metadata;
  /** The permissions that the files need although `policy` does not allow them. */
  permissions: Permission[];
  /** What the change sends to the instrument that it did not send before, and the other way round. */
  traffic: TrafficChange[];
}

/**
 * Judges a change. `before` is null for a first version. `policy` is the lab's own; `granted` lists further allowed
 * names.
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
    traffic: compareTraffic(before, files),
  };
}
