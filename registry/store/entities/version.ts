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
    /** The object id of the annotated tag `vN`. */
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
    /** The username in the tag, which stays when the account changes. */
    landed_by_name: p.text(),
    /** The approvals in the tag's record, with their heads and times. */
    approvals: p.json<Approval[]>().defaultRaw(`'[]'`),
    /** The rules of the policy that an admin overrode, from the tag's record. */
    overrides: p.json<Override[]>().defaultRaw(`'[]'`),
    /** The lab and its policy at the landing, from the tag's record. Null if the record is from an older registry. */
    landed_under: p.json<LandedUnder>().strictNullable(),
    /** Banned imports that the version may use, from the tag's record. */
    permissions: p.json<string[]>().defaultRaw(`'[]'`),
    merge_request: p.integer().strictNullable(),
    change_summary: p.text().default(''),
    /** Why and by whom the version was deprecated; null if it is not. */
    deprecated: p.json<Verdict>().strictNullable(),
    /** Why and by whom the version was revoked; null if it is not. */
    revoked: p.json<Verdict>().strictNullable(),
    /** Why and by whom the revoked version was reinstated; null if it was not. */
    reinstated: p.json<Verdict>().strictNullable(),
    /** The SHA-256 of each file by path. Null if an older registry indexed the version. */
    files: p.json<Record<string, string>>().strictNullable().lazy(),
    /** The metadata in the files. Null if an older registry indexed the version. */
    described: p.json<Metadata>().strictNullable().lazy(),
    created_at: p.datetime(3),
  },
});

/** The index entry of a version: data from its commit and from the record in its tag. */
export class Version extends schema.class {
  declare [PrimaryKeyProp]?: ['definition_id', 'version'];
}
schema.setClass(Version);
