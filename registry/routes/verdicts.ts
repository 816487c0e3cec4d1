import { VerdictRequest, VersionParams, VersionSummary } from '../schemas/definitions.ts';
import { type ReadDeps, readVersionSummary } from '../services/definitions/read-definitions.ts';
import { setVerdict } from '../services/definitions/verdicts.ts';
import type { SaveDeps } from '../services/deps.ts';
import { problemAnswers, type RegistryServer } from './shared.ts';

const VERDICTS = [
  {
    verb: 'deprecate',
    kind: 'deprecated',
    operationId: 'deprecateVersion',
    summary: 'Deprecate a version (lab admins)',
    description:
      'Computers still get the version, with the reason as a warning. To replace the reason, deprecate the version again.',
  },
  {
    verb: 'revoke',
    kind: 'revoked',
    operationId: 'revokeVersion',
    summary: 'Revoke a version (lab admins)',
    description:
      'Computers no longer get the version, and nobody can roll back to it. The revoked version stays in the history, the tags and clones. If the newest version is revoked, main still points to that version: roll back, or land a better version. To replace the reason, revoke the version again.',
  },
  {
    verb: 'reinstate',
    kind: 'reinstated',
    operationId: 'reinstateVersion',
    summary: 'Reinstate a version that is deprecated or revoked (lab admins)',
    description:
      'The audit trail contains the reason for the reinstatement. Reinstating a version without a verdict changes nothing.',
  },
] as const;

export function verdictRoutes(app: RegistryServer, deps: ReadDeps & SaveDeps): void {
  for (const { verb, kind, ...says } of VERDICTS) {
    app.post(
      `/api/instrument-definitions/:id/versions/:n/${verb}`,
      {
        schema: {
          ...says,
          tags: ['versions'],
          params: VersionParams,
          body: VerdictRequest,
          response: { 200: VersionSummary, ...problemAnswers },
        },
      },
      async ({ caller, params, body }) => {
        await setVerdict(deps, caller, params, kind, body.reason);
        return await readVersionSummary(deps, caller, params.id, params.n);
      },
    );
  }
}
