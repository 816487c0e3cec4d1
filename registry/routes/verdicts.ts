import { VerdictRequest, VersionParams, VersionSummary } from '../schemas/definitions.ts';
import { type ReadDeps, versionSummaryOf } from '../services/definitions/read-definitions.ts';
import { judgeVersion } from '../services/definitions/verdicts.ts';
import type { SaveDeps } from '../services/deps.ts';
import { type Door, problemAnswers } from './door.ts';

const VERDICTS = [
  {
    verb: 'deprecate',
    kind: 'deprecated',
    operationId: 'deprecateVersion',
    summary: 'Warn of a version (lab admins)',
    description:
      'The version is offered as before, with the reason. Deprecating again replaces the reason.',
  },
  {
    verb: 'revoke',
    kind: 'revoked',
    operationId: 'revokeVersion',
    summary: 'Withdraw a version (lab admins)',
    description:
      'Computers are not offered it any more, and nothing is rolled back to it. History, tags and clones keep it, and the newest version stays the head of main though it is revoked: roll back, or land a better one. Revoking again replaces the reason.',
  },
  {
    verb: 'reinstate',
    kind: 'reinstated',
    operationId: 'reinstateVersion',
    summary: 'Let a version stand again: neither deprecated nor revoked (lab admins)',
    description:
      'The reason goes into the audit trail. A version that stands already is left as it is.',
  },
] as const;

export function verdictRoutes(app: Door, deps: ReadDeps & SaveDeps): void {
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
        await judgeVersion(deps, caller, params, kind, body.reason);
        return await versionSummaryOf(deps, caller, params.id, params.n);
      },
    );
  }
}
