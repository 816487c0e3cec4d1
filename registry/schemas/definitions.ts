/** Schemas of definitions and their versions (docs/contract.md, sections 2, 3 and 6). */
import type { Static, TSchema } from 'typebox';
import { Type } from './build.ts';
import {
  CheckPoster,
  Id,
  JsonObject,
  Line,
  Nullable,
  PageQuery,
  Prose,
  Text,
  Time,
} from './common.ts';
import { Tested } from './tests.ts';

export const InstrumentType = Type.Enum(['movement', 'measurement']);
export const Status = Type.Enum([
  'operational',
  'development',
  'testing',
  'deprecated',
  'experimental',
]);
const SourceCode = Type.String({ maxLength: 4 * 1024 * 1024 });
const Columns = Type.Array(Line({ maxLength: 500 }), { maxItems: 10_000 });
const Label = Line({ maxLength: 500 });
const Name = Line({ minLength: 1, maxLength: 500 });
const FileTexts = Type.Record(Type.String(), Nullable(SourceCode), {
  description: 'The text of each file, by its path. Null deletes the file',
});

/** The fields that a definition's header can have (docs/contract.md, section 2). Null removes a field from the header. */
const Described = {
  display_name: Name,
  description: Nullable(Prose({ maxLength: 100_000 })),
  instrument_type: InstrumentType,
  category: Nullable(Label),
  manufacturer: Nullable(Label),
  status: Status,
  dependencies: Nullable(Type.Array(Label, { maxItems: 1000 })),
  settings_schema: Nullable(JsonObject),
  default_settings: Nullable(JsonObject),
  data_columns: Nullable(Columns),
  data_units: Nullable(Columns),
  position_column: Nullable(Label),
  position_units: Nullable(Label),
};

export const Override = Prose({
  minLength: 1,
  maxLength: 1000,
  description:
    'Why a lab admin overrides the landing policy. The record of the version contains this reason',
});

const Changes = Type.Partial(
  Type.Object({
    ...Described,
    base_class: Line({
      maxLength: 500,
      description: 'The base class. This value must agree with the code and is not stored',
    }),
    source_code: SourceCode,
    files: FileTexts,
    is_public: Type.Boolean(),
    lab_id: Nullable(Id),
    change_summary: Prose({ maxLength: 10_000 }),
    override: Override,
  }),
).properties;

/** All banned modules and built-ins that a version may use. */
export const Grants = Type.Array(
  Type.String({ maxLength: 100, pattern: '^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$' }),
  {
    maxItems: 50,
    description:
      'All banned imports that a lab admin allows this definition to use. If this field is missing, the permissions of the previous version stay.',
  },
);

export const NewDefinition = Type.Object({
  grants: Type.Optional(Grants),
  ...Changes,
  name: Type.String({ maxLength: 200 }),
  source_code: SourceCode,
});
export type NewDefinition = Static<typeof NewDefinition>;

export const DefinitionChange = Type.Object({
  grants: Type.Optional(Grants),
  ...Changes,
  name: Type.Optional(
    Type.String({
      maxLength: 200,
      description: 'Only the current name is accepted, because a name cannot change',
    }),
  ),
  expected_version: Type.Optional(Nullable(Id)),
});
export type DefinitionChange = Static<typeof DefinitionChange>;

/** A verdict by an admin of the lab on a version. Null if there is no verdict. */
const Verdict = (description: string) =>
  Type.Union(
    [
      Type.Object({
        reason: Type.String(),
        by: Nullable(Type.String({ description: 'Username' })),
        at: Time,
      }),
      Type.Null(),
    ],
    { description },
  );
const Verdicts = {
  deprecated: Verdict('Whether and why this version is deprecated'),
  revoked: Verdict(
    'Whether and why this version is revoked. Computers do not get a revoked version, and nobody can roll back to it',
  ),
};

const Summary = {
  id: Id,
  name: Type.String(),
  display_name: Type.String(),
  description: Nullable(Type.String()),
  instrument_type: Nullable(InstrumentType),
  category: Nullable(Type.String()),
  manufacturer: Nullable(Type.String()),
  status: Status,
  base_class: Nullable(Type.String()),
  dependencies: Type.Array(Type.String()),
  settings_schema: Nullable(JsonObject),
  default_settings: Nullable(JsonObject),
  data_columns: Nullable(Type.Array(Type.String())),
  data_units: Nullable(Type.Array(Type.String())),
  position_column: Nullable(Type.String()),
  position_units: Nullable(Type.String()),
  lab_id: Nullable(Id),
  version: Nullable(Id),
  head: Nullable(Type.String()),
  is_public: Type.Boolean(),
  is_builtin: Type.Boolean(),
  is_approved: Type.Boolean(),
  is_archived: Type.Boolean(),
  permissions: Type.Array(Type.String(), {
    description: 'The banned imports that this version may use, as its signed tag says',
  }),
  ...Verdicts,
  clone_url: Type.String(),
  created_by: Nullable(Type.String({ description: 'Username' })),
  created_at: Time,
  updated_at: Time,
};

export const DefinitionSummary = Type.Object(Summary);
export type DefinitionSummary = Static<typeof DefinitionSummary>;

/** A definition in a list. */
export const DefinitionItem = Type.Object({ ...Summary, tested: Tested });
export type DefinitionItem = Static<typeof DefinitionItem>;

export const Definition = Type.Object({
  ...Summary,
  tested: Tested,
  source_code: Type.String(),
  files: Type.Record(Type.String(), Type.String(), {
    description:
      'All files except the source file, by path. Bytes that are not UTF-8 are replaced by U+FFFD. `readSnapshot` returns the original bytes',
  }),
});
export type Definition = Static<typeof Definition>;

/** The answer to a save. The answer has a merge request if the change must be reviewed. */
export const SavedDefinition = Type.Object({
  ...Definition.properties,
  merge_request: Type.Optional(Type.Object({ id: Id, url: Type.String() })),
});
export type SavedDefinition = Static<typeof SavedDefinition>;

const Filters = {
  lab_id: Type.Optional(Id),
  instrument_type: Type.Optional(InstrumentType),
  category: Type.Optional(Text({ maxLength: 500 })),
  manufacturer: Type.Optional(Text({ maxLength: 500 })),
  status: Type.Optional(Status),
  is_public: Type.Optional(Type.Boolean()),
  is_builtin: Type.Optional(Type.Boolean()),
  is_archived: Type.Optional(
    Type.Boolean({
      description: 'True lists only archived definitions. Default: false',
    }),
  ),
  q: Type.Optional(Text({ maxLength: 500 })),
};

export const DefinitionQuery = Type.Object({
  ...PageQuery,
  ...Filters,
  sort: Type.Optional(
    Type.String({
      pattern: '^-?(name|display_name|category|manufacturer|created_at|updated_at|version)$',
      description:
        'The field by which to order. A leading - reverses the order. By default, a search with `q` is ordered by how well a definition matches, and other lists by name',
    }),
  ),
});
export type DefinitionQuery = Static<typeof DefinitionQuery>;

export const FacetQuery = Type.Object(Filters);
export type FacetQuery = Static<typeof FacetQuery>;

const Facet = <T extends TSchema>(value: T) =>
  Type.Array(Type.Object({ value: Nullable(value), count: Type.Integer() }));

export const DefinitionFacets = Type.Object({
  instrument_type: Facet(InstrumentType),
  category: Facet(Type.String()),
  manufacturer: Facet(Type.String()),
  status: Facet(Status),
  lab_id: Facet(Id),
  is_public: Facet(Type.Boolean()),
  is_builtin: Facet(Type.Boolean()),
});
export type DefinitionFacets = Static<typeof DefinitionFacets>;

export const VersionQuery = Type.Object({ version: Type.Optional(Id) });
export const DiffQuery = Type.Object({ from: Id, to: Id });
export const VersionParams = Type.Object({ id: Id, n: Id });
export const NameParams = Type.Object({ name: Text({ maxLength: 200 }) });

export const RollbackRequest = Type.Object({
  version: Id,
  reason: Prose({ minLength: 1, maxLength: 10_000 }),
  override: Type.Optional(Override),
});
export type RollbackRequest = Static<typeof RollbackRequest>;

export const VerdictRequest = Type.Object({ reason: Prose({ minLength: 1, maxLength: 10_000 }) });

export const ValidateRequest = Type.Object({
  source_code: SourceCode,
  name: Type.Optional(Type.String({ maxLength: 200 })),
  files: Type.Optional(FileTexts),
});
export type ValidateRequest = Static<typeof ValidateRequest>;

const DiagnosticShape = Type.Object({
  line: Type.Integer(),
  column: Type.Integer({ description: 'Counts Unicode code points. The first column is 1' }),
  end_line: Type.Integer(),
  end_column: Type.Integer(),
  code: Type.String(),
  message: Type.String(),
  file: Type.Optional(Type.String()),
});

export const ValidationResult = Type.Object({
  valid: Type.Boolean(),
  errors: Type.Array(DiagnosticShape),
  warnings: Type.Array(DiagnosticShape),
  class_info: Nullable(
    Type.Object({
      name: Type.String(),
      instrument_type: Nullable(InstrumentType),
      base_classes: Type.Array(Type.String()),
      docstring: Nullable(Type.String()),
      data_columns: Nullable(Type.Array(Type.String())),
      data_units: Nullable(Type.Array(Type.String())),
      position_column: Nullable(Type.String()),
      position_units: Nullable(Type.String()),
      default_settings: Nullable(JsonObject),
      settings_schema: Nullable(JsonObject),
      dependencies: Type.Array(Type.String()),
    }),
  ),
});
export type ValidationResult = Static<typeof ValidationResult>;

const LandedUnder = Type.Union(
  [
    Type.Object({
      lab: Nullable(Type.Object({ id: Id, code: Type.String(), name: Type.String() })),
      direct_landing: Type.Enum(['admins', 'nobody']),
      required_approvals: Type.Integer(),
      allow_self_approval: Type.Boolean(),
      required_checks: Type.Record(Type.String(), CheckPoster),
      owners: Type.Array(
        Type.Object({
          pattern: Type.Optional(Type.String()),
          category: Type.Optional(Type.String()),
          manufacturer: Type.Optional(Type.String()),
          users: Type.Array(Id),
        }),
      ),
      banned_imports: Type.Array(Type.String()),
      allowed_imports: Type.Array(Type.String()),
    }),
    Type.Null(),
  ],
  {
    description:
      'The lab in which the version landed, and the policy of the lab at that time. Null for callers who belong neither to the lab in which the version landed nor to the lab that owns the definition now. Also null if an older release of the registry landed the version',
  },
);
export type LandedUnder = Static<typeof LandedUnder>;

const VersionShape = {
  version: Id,
  commit: Type.String(),
  author: Type.Object({ name: Type.String(), email: Type.String() }),
  landed_by: Nullable(Type.String({ description: 'Username' })),
  approvals: Type.Array(JsonObject),
  overrides: Type.Array(Type.Object({ code: Type.String(), message: Type.String() })),
  landed_under: LandedUnder,
  permissions: Type.Array(Type.String(), {
    description: 'The banned imports that this version may use, as its signed tag says',
  }),
  merge_request: Nullable(Id),
  change_summary: Type.String(),
  signature: Type.Union(
    [
      Type.Object({
        key: Type.String({ description: 'The fingerprint of the key that signed the tag' }),
        valid: Type.Boolean({
          description: 'Whether the registry used this key when the tag was made',
        }),
      }),
      Type.Null(),
    ],
    { description: 'The signature of the tag. Null if the tag has no valid signature' },
  ),
  ...Verdicts,
  created_at: Time,
};
export const VersionSummary = Type.Object(VersionShape);
export type VersionSummary = Static<typeof VersionSummary>;
export const VersionDetail = Type.Object({ ...VersionShape, source_code: Type.String() });
export type VersionDetail = Static<typeof VersionDetail>;

export const DiffDocument = Type.Object({
  from: Id,
  to: Id,
  diff: Type.String({ description: 'The unified diff, as git prints it' }),
  files: Type.Array(
    Type.Object({
      path: Type.String(),
      old_path: Nullable(Type.String()),
      status: Type.Enum(['added', 'deleted', 'renamed', 'modified']),
      additions: Type.Integer(),
      deletions: Type.Integer(),
    }),
  ),
});
export type DiffDocument = Static<typeof DiffDocument>;
