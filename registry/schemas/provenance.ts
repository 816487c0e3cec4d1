/** Schemas for finding the version that was used for a measurement (docs/contract.md, section 10). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, Nullable, Time } from './common.ts';
import { VersionSummary } from './definitions.ts';

export const ProvenanceParams = Type.Object({
  hash: Type.String({
    pattern: '^[0-9A-Fa-f]{7,64}$',
    description:
      'A commit id or the SHA-256 of a file, in hexadecimal. The first seven digits are enough if no other hash begins with them',
  }),
});

const Match = {
  definition_id: Id,
  name: Type.String(),
  version: Id,
  commit: Type.String(),
  path: Nullable(
    Type.String({
      description: 'The path of the file with this hash. Null if the hash is a commit id',
    }),
  ),
};

export const Provenance = Type.Object({
  ...VersionSummary.properties,
  ...Match,
  display_name: Type.String(),
  lab_id: Nullable(Id),
  newest: Nullable(
    Type.Integer({ description: 'The newest version of the definition that is not revoked' }),
  ),
  files: Type.Record(Type.String(), Type.String(), {
    description: 'The SHA-256 of each file of the version, by its path',
  }),
  url: Type.String({ description: 'The address of the page of the definition' }),
  clone_url: Type.String(),
  review: Type.Union(
    [
      Type.Object({
        id: Id,
        url: Type.String(),
        title: Type.String(),
        description: Type.String(),
        author: Type.String(),
        reviews: Type.Array(
          Type.Object({
            author: Type.String(),
            verdict: Type.String(),
            body: Type.String(),
            head: Type.String(),
            created_at: Time,
          }),
        ),
      }),
      Type.Null(),
    ],
    {
      description:
        'The merge request that landed the version. Null if no merge request landed the version, or if the caller may not read the merge request. All readers see `approvals`, which come from the record of the version.',
    },
  ),
  others: Type.Array(Type.Object(Match), {
    description: 'Other versions with the same file, for example after a revert',
  }),
});
export type Provenance = Static<typeof Provenance>;
