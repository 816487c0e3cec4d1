/** The names of the files in a backup, and the schema of its manifest. */

import { Ajv, type ErrorObject } from 'ajv';
import type { Static } from 'typebox';
import { Problem } from '../../errors.ts';
import { Type } from '../../schemas/build.ts';

export const MANIFEST = 'manifest.json';
export const tableFile = (table: string): string => `database/${table}.jsonl`;
export const bundleFile = (name: string): string => `repositories/${name}.bundle`;
/** A bundle of only those objects that the earlier backups do not have. */
export const moreFile = (name: string): string => `repositories/${name}.more.bundle`;
/** The refs of every repository, one repository per line. */
export const REFS = 'refs.jsonl';
export const keyFile = (name: string): string => `keys/${name}`;

/** The version of the backup format. Raise this number if older registries cannot read a new format. */
export const FORMAT = 1;
/** The format of incremental backups. An older registry refuses this format. */
export const INCREMENT = 2;

const Manifest = Type.Object({
  format: Type.Union([Type.Literal(FORMAT), Type.Literal(INCREMENT)]),
  /** Identifies the backup. Absent in backups by older registries. */
  id: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  /** The id of the backup that this incremental backup continues. Absent in a full backup. */
  since: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  /** The version of the registry that wrote the backup. */
  version: Type.String(),
  /** The moment whose state is in the backup. */
  made_at: Type.String(),
  /** The migrations of the database at the time of the backup. The migrations define the schema of the rows. */
  migrations: Type.Array(Type.String(), { minItems: 1 }),
  /** The number of rows of each table. */
  tables: Type.Record(Type.String(), Type.Integer()),
  /** The next number of each sequence. */
  sequences: Type.Record(Type.String(), Type.Integer()),
  repositories: Type.Array(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,99}$' }), {
    uniqueItems: true,
  }),
  keys: Type.Array(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$' }), {
    uniqueItems: true,
    maxItems: 10_000,
  }),
  /** Names of definitions whose rows are in the backup but whose repositories are not. */
  left_out: Type.Optional(Type.Array(Type.String())),
});
export type Manifest = Static<typeof Manifest>;

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('invalid', `The backup's ${MANIFEST} is not JSON.`, undefined, { cause });
  }
}

const faultIn = (errors: ErrorObject[] | null | undefined): string =>
  errors?.[0]
    ? `${errors[0].instancePath} ${errors[0].message}`
    : 'its format does not match its kind';

/** Parses the manifest of a backup. Throws `Problem` `invalid`. */
export function parseManifest(text: string): Manifest {
  const check = new Ajv({ meta: false, validateSchema: false }).compile<Manifest>(Manifest);
  const value = jsonIn(text);
  if (check(value) && (value.format === INCREMENT) === (value.since !== undefined)) return value;
  const { format, version } = (value ?? {}) as Partial<Manifest>;
  throw new Problem(
    'invalid',
    format === FORMAT || format === INCREMENT
      ? `The backup's ${MANIFEST} is not valid: ${faultIn(check.errors)}.`
      : `The backup has format ${format} and was made by version ${version}. This registry reads format ${FORMAT}. Restore the backup with version ${version}.`,
  );
}
