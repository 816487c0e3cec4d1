import { defineEntity, type PrimaryKeyProp, p } from '@mikro-orm/core';
import type { Approval, LandedUnder, Override, Verdict } from '../../definitions/record.ts';
import type { Metadata } from '../../definitions/types.ts';
import { Definition } from './definition.ts';
import { User } from './user.ts';

const schema = defineEntity({
  name: 'Version',
  tableName: 'versions',
  uniques: [{ name: 'versions_definition_id_commit_key', properties: ['definition_id', 'commit'] }],
  indexes: [
    {
      name: 'versions_hash_beginnings_index',
      expression:
        'create index "versions_hash_beginnings_index" on "versions" using gin (hash_beginnings("commit", "files"))',
    },
    {
      name: 'versions_revoked_index',
      expression:
        'create index "versions_revoked_index" on "versions" ("definition_id") where revoked is not null',
    },
  ],
  properties: {
    definition_id: () =>
      p
        .manyToOne(Definition)
        .mapToPk()
        .joinColumn('definition_id')
        .primary()
        .deleteRule('cascade')
        .index(false),
    version: p.integer().primary().check('version > 0'),
    commit: p.text(),
    /** Object id of the annotated tag `vN`. */
    tag: p.text(),
    author_name: p.text(),
    author_email: p.text(),
    landed_by: () =>
      p
        .manyToOne(User)
        .mapToPk()
        .joinColumn('landed_by')
        .strictNullable()
        .index('versions_landed_by_index')
        .deleteRule('set null'),
    /** Username in the tag, kept after the account changes. */
    landed_by_name: p.text(),
    /** The approvals with head and time, from the tag's record. */
    approvals: p.json<Approval[]>().defaultRaw(`'[]'`),
    /** The overridden checks, from the tag's record. */
    overrides: p.json<Override[]>().defaultRaw(`'[]'`),
    /** The lab and its policy at the landing, from the tag's record; null for older records. */
    landed_under: p.json<LandedUnder>().strictNullable(),
    /** What the version may do beyond the lab's import policy, from the tag's record. */
    permissions: p.json<string[]>().defaultRaw(`'[]'`),
    merge_request: p.integer().strictNullable(),
    change_summary: p.text().default(''),
    /** The reason for the deprecation and its author, or null. */
    deprecated: p.json<Verdict>().strictNullable(),
    /** The reason for the revocation and its author, or null. */
    revoked: p.json<Verdict>().strictNullable(),
    /** The reason for reinstating a revoked version and its author, or null. */
    reinstated: p.json<Verdict>().strictNullable(),
    /**
     * SHA-256 of each file by path, and the metadata in the files; null if an older registry indexed the
     * version.
     */
    files: p.json<Record<string, string>>().strictNullable().lazy(),
    described: p.json<Metadata>().strictNullable().lazy(),
    created_at: p.datetime(3),
  },
});

/** The index entry of a version: the commit and its tag's record. */
export class Version extends schema.class {
  declare [PrimaryKeyProp]?: ['definition_id', 'version'];
}
schema.setClass(Version);
