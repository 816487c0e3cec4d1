/** Schemas of instruments, computers and bindings (docs/contract.md, section 8). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { COMPOSED, Id, JsonObject, Line, Nullable, PageQuery, Text, Time } from './common.ts';
import { DefinitionSummary } from './definitions.ts';
import { SigningKey } from './signing-keys.ts';

const Label = Line({ maxLength: 500 });
const Name = Line({ minLength: 1, maxLength: 500 });
const Search = Type.Optional(Text({ maxLength: 500 }));
const InstrumentStatus = Type.Enum(['available', 'in_use', 'maintenance', 'retired']);

/**
 * The name of a computer, which is part of URLs. The pattern allows host names, and also names in other alphabets, which
 * Windows allows.
 */
export const ComputerName = Line({
  maxLength: 255,
  [COMPOSED]: true,
  pattern: '^[\\p{L}\\p{N}_]([\\p{L}\\p{N} ._-]*[\\p{L}\\p{N}_-])?$',
  description:
    'A host name of letters, digits, spaces, dots, dashes and underscores. Case-insensitive',
});
export const ComputerParams = Type.Object({ computer_name: ComputerName });

const InstrumentFields = {
  name: Name,
  instrument_type: Nullable(Label),
  pybirch_class: Nullable(Label),
  manufacturer: Nullable(Label),
  model: Nullable(Label),
  serial_number: Nullable(Label),
  adapter: Nullable(Label),
  location: Nullable(Label),
  status: InstrumentStatus,
  specifications: JsonObject,
  extra_data: JsonObject,
  definition_id: Nullable(Id),
  pinned_version: Nullable(Id),
};

const BoundDefinition = Nullable(
  Type.Object({
    id: Id,
    name: Type.String(),
    display_name: Type.String(),
    version: Nullable(Id),
  }),
);

const InstrumentShape = {
  id: Id,
  lab_id: Id,
  ...InstrumentFields,
  definition: BoundDefinition,
  created_at: Time,
  updated_at: Time,
};

/** The instrument as a binding shows it. */
export const BoundInstrument = Type.Object(InstrumentShape);

/** A binding as an instrument shows it. */
export const Place = Type.Object({
  id: Id,
  computer_name: Type.String(),
  adapter: Nullable(Type.String()),
  adapter_type: Nullable(Type.String()),
  is_primary: Type.Boolean(),
  last_connected: Nullable(Time),
});

export const Instrument = Type.Object({
  ...InstrumentShape,
  bindings: Type.Array(Place, {
    description: 'The bindings of the instrument. A computer sees only its own bindings',
  }),
});
export type Instrument = Static<typeof Instrument>;

const LabId = Type.Optional(
  Type.Integer({
    ...Id,
    description: 'The lab. This field may be missing if you administer only one lab',
  }),
);
export const NewInstrument = Type.Object({
  ...Type.Partial(Type.Object(InstrumentFields)).properties,
  name: Name,
  lab_id: LabId,
});
export type NewInstrument = Static<typeof NewInstrument>;
export const InstrumentChange = Type.Partial(Type.Object({ ...InstrumentFields, lab_id: Id }));
export type InstrumentChange = Static<typeof InstrumentChange>;

export const InstrumentQuery = Type.Object({
  ...PageQuery,
  lab_id: Type.Optional(Id),
  definition_id: Type.Optional(Id),
  status: Type.Optional(InstrumentStatus),
  instrument_type: Type.Optional(Text({ maxLength: 500 })),
  computer_name: Type.Optional(ComputerName),
  q: Search,
});
export type InstrumentQuery = Static<typeof InstrumentQuery>;

const ComputerFields = {
  computer_id: Nullable(Label),
  username: Nullable(Label),
  os: Nullable(Label),
  nickname: Nullable(Label),
  location: Nullable(Label),
};

const IsBench = Type.Boolean({
  description:
    'Whether the computer is a bench computer: it may read and fetch open merge requests of definitions that its lab owns, and post test results. A new enrolment or another lab ends this right',
});

/** A computer in a path: its id, or its name. No new computer may have a name of digits alone. */
export const ComputerRef = Type.Object({
  id_or_name: Type.String({
    minLength: 1,
    maxLength: 255,
    [COMPOSED]: true,
    description: 'The id of the computer, or its name (case-insensitive)',
  }),
});

export const Computer = Type.Object({
  id: Id,
  lab_id: Id,
  computer_name: Type.String(),
  ...ComputerFields,
  is_bench: IsBench,
  enrolled_at: Nullable(Time),
  last_seen: Nullable(Time),
  created_at: Time,
  updated_at: Time,
});
export type Computer = Static<typeof Computer>;

export const NewComputer = Type.Object({
  ...Type.Partial(Type.Object(ComputerFields)).properties,
  computer_name: ComputerName,
  lab_id: LabId,
});
export type NewComputer = Static<typeof NewComputer>;
export const ComputerChange = Type.Partial(
  Type.Object({
    ...ComputerFields,
    is_bench: IsBench,
    lab_id: Id,
    computer_name: Type.String({
      maxLength: 255,
      description: 'Only the current name is accepted, because a name cannot change',
    }),
  }),
);
export type ComputerChange = Static<typeof ComputerChange>;

export const ComputerQuery = Type.Object({
  ...PageQuery,
  lab_id: Type.Optional(Id),
  computer_name: Type.Optional(ComputerName),
  q: Search,
});
export type ComputerQuery = Static<typeof ComputerQuery>;

export const NewEnrolmentCode = Type.Object({ lab_id: Id });
export const EnrolmentCode = Type.Object({
  code: Type.String({
    description:
      "The code. The code can be used once, and no other answer shows it. The second half of the code is the short fingerprint of the registry's key, which the computer checks",
  }),
  expires_at: Time,
});
export type EnrolmentCode = Static<typeof EnrolmentCode>;

export const Enrolment = Type.Object({
  code: Text({ minLength: 1, maxLength: 100 }),
  computer_name: ComputerName,
  ...Type.Partial(
    Type.Object({ computer_id: Nullable(Label), username: Nullable(Label), os: Nullable(Label) }),
  ).properties,
});
export type Enrolment = Static<typeof Enrolment>;
export const Enrolled = Type.Object({
  token: Type.String({
    description:
      'The token of the computer, for the Authorization header and as a password for git',
  }),
  computer: Computer,
  signing_keys: Type.Array(SigningKey),
  statement: Type.String({
    description:
      "A signed statement with the first number of the computer's lists. The statement is valid only together with the code",
  }),
});
export type Enrolled = Static<typeof Enrolled>;

const Settings = Type.Unsafe<JsonObject>({
  ...JsonObject,
  description: 'The last settings of the instrument. A change replaces all settings',
});

const BindingFields = {
  computer_id: Nullable(Label),
  username: Nullable(Label),
  adapter: Nullable(Label),
  adapter_type: Nullable(Label),
  is_primary: Type.Boolean({
    description:
      'Whether this is the primary binding. When a binding becomes primary, the other bindings of the instrument stop being primary',
  }),
  last_connected: Nullable(Time),
  last_settings: Settings,
};

const BindingShape = {
  id: Id,
  instrument_id: Id,
  computer_name: Type.String(),
  ...BindingFields,
  nickname: Nullable(Type.String({ description: 'The nickname of the computer' })),
  computer_location: Nullable(Type.String()),
  key: Nullable(Type.String()),
  created_at: Time,
  updated_at: Time,
};

export const Binding = Type.Object({ ...BindingShape, instrument: BoundInstrument });
export type Binding = Static<typeof Binding>;

/** A binding with all data that a program needs to use the instrument. */
export const FoundBinding = Type.Object({
  ...BindingShape,
  instrument: Type.Object({
    ...InstrumentShape,
    definition: Nullable(
      Type.Object({ ...DefinitionSummary.properties, source_code: Type.String() }),
    ),
  }),
});
export type FoundBinding = Static<typeof FoundBinding>;

const BindingInput = Type.Partial(Type.Object(BindingFields)).properties;
export const BindingChange = Type.Object(BindingInput);
export type BindingChange = Static<typeof BindingChange>;
export const NewBinding = Type.Object({
  ...BindingInput,
  instrument_id: Id,
  computer_name: ComputerName,
});
export type NewBinding = Static<typeof NewBinding>;
/** A binding of an instrument that the registry does not know yet. */
export const NewInstrumentHere = Type.Object({
  ...BindingInput,
  key: Line({
    minLength: 1,
    maxLength: 100,
    description:
      "The computer's own id for the binding. A repeated request with the same key changes the same binding",
  }),
  name: Name,
  pybirch_class: Type.Optional(Nullable(Label)),
  definition_id: Type.Optional(Nullable(Id)),
});
export type NewInstrumentHere = Static<typeof NewInstrumentHere>;

export const BindingParams = Type.Object({ id: Id, computer_name: ComputerName });
export const BindingQuery = Type.Object({
  ...PageQuery,
  lab_id: Type.Optional(Id),
  instrument_id: Type.Optional(Id),
  definition_id: Type.Optional(Id),
  computer_name: Type.Optional(ComputerName),
});
export type BindingQuery = Static<typeof BindingQuery>;
