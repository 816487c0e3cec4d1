/** Schemas of the list that a computer gets, of its reports, and of the fleet (docs/contract.md, section 9). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, JsonObject, Nullable, PageQuery, Text, Time } from './common.ts';
import { DefinitionSummary } from './definitions.ts';
import { Binding, Computer, ComputerName, Instrument } from './equipment.ts';

export const SyncQuery = Type.Object({
  names: Type.Optional(
    Text({
      maxLength: 100_000,
      description:
        'The names of public and built-in definitions that the list should also contain, separated by commas',
    }),
  ),
  scope: Type.Optional(
    Type.Enum(['all', 'bound'], {
      description:
        'With `bound`, the list has only the definitions of instruments that are bound to this computer. Default: `all`',
    }),
  ),
});
export type SyncQuery = Static<typeof SyncQuery>;

export const OfferedDefinition = Type.Object({
  ...DefinitionSummary.properties,
  version: Id,
  commit: Type.String(),
  files: Type.Record(Type.String(), Type.String(), {
    description: 'The SHA-256 of each file in hexadecimal, by its path',
  }),
  approvals: Type.Array(JsonObject),
  permissions: Type.Array(Type.String(), {
    description:
      'Banned imports that the version may use. Computers use the signed tag instead of this field',
  }),
  bound: Type.Boolean({
    description: 'Whether an instrument that is bound to this computer uses the version',
  }),
  pinned: Type.Boolean({
    description: 'Whether an instrument that is bound to this computer is pinned to the version',
  }),
});
export type OfferedDefinition = Static<typeof OfferedDefinition>;

const { last_seen: _, ...ComputerShape } = Computer.properties;
const {
  bindings: _b,
  specifications: _s,
  extra_data: _e,
  ...InstrumentShape
} = Instrument.properties;

export const HistoriesQuery = Type.Object({
  names: Type.Array(Text({ maxLength: 100 }), {
    maxItems: 10_000,
    description: 'The names of the definitions. The answer has the same order as this list',
  }),
});
export type HistoriesQuery = Static<typeof HistoriesQuery>;

export const SyncList = Type.Object({
  computer: Type.Object(ComputerShape),
  generation: Type.String({
    description: 'If this text has not changed, the list has not changed either',
  }),
  asked: Type.Object(
    { scope: Type.Enum(['all', 'bound']), names: Type.Array(Type.String()) },
    { description: 'The query of the request. The names are sorted and in lower case' },
  ),
  definitions: Type.Array(OfferedDefinition, {
    description: 'One item for each version that this computer should have',
  }),
  revoked: Type.Array(
    Type.Object({
      definition_id: Id,
      name: Type.String(),
      version: Id,
      commit: Type.String(),
      reason: Type.String(),
      at: Time,
    }),
    {
      description:
        'All revoked versions of the definitions that this computer may see. The computer continues to use an installed version that is neither in this list nor in `definitions`.',
    },
  ),
  reinstated: Type.Array(
    Type.Object({ definition_id: Id, name: Type.String(), version: Id, commit: Type.String() }),
    {
      description:
        'Versions that were revoked and then reinstated. A revoked version stays revoked on the computer until this list names the version.',
    },
  ),
  bindings: Type.Array(Binding, {
    description:
      'The bindings of this computer. `instrument.definition.version` is the version that the instrument uses, or null',
  }),
  instruments: Type.Array(Type.Object(InstrumentShape), {
    description:
      'All instruments of the lab except retired ones, even if they are not bound. Empty with `scope=bound`',
  }),
  policy: Type.Object({
    banned_imports: Type.Array(Type.String()),
    allowed_imports: Type.Array(Type.String()),
  }),
  warnings: Type.Array(Type.String(), {
    description: 'Problems that an admin of the lab should solve, such as pins to revoked versions',
  }),
});
export type SyncList = Static<typeof SyncList>;

const Versions = Type.Record(
  Text({ maxLength: 100 }),
  Type.Integer({ minimum: 1, maximum: 2147483647 }),
  {
    maxProperties: 10_000,
    description: "The version of each definition, by the definition's name",
  },
);
const Complaint = Type.Union([Text({ maxLength: 2000 }), JsonObject]);

export const SyncReport = Type.Object({
  installed: Versions,
  loaded: Type.Optional(Versions),
  errors: Type.Optional(Type.Array(Complaint, { maxItems: 200 })),
});
export type SyncReport = Static<typeof SyncReport>;

const FleetState = Type.Enum(['behind', 'errors', 'silent'], {
  description:
    '`behind`: an installed version is not the newest. `errors`: the last report has errors. `silent`: the computer has not been seen for a week, or never',
});

export const FleetQuery = Type.Object({
  ...PageQuery,
  lab_id: Type.Optional(Id),
  computer_name: Type.Optional(ComputerName),
  definition_id: Type.Optional(
    Type.Integer({
      ...Id,
      description: 'Lists only computers that have this definition installed',
    }),
  ),
  version: Type.Optional(
    Type.Integer({
      ...Id,
      description: 'Lists only computers that have this version of the definition',
    }),
  ),
  state: Type.Optional(FleetState),
  q: Type.Optional(Text({ maxLength: 500 })),
});
export type FleetQuery = Static<typeof FleetQuery>;

export const HistoryQuery = Type.Object({
  days: Type.Integer({
    minimum: 1,
    maximum: 730,
    default: 90,
    description: 'The length of the history in days',
  }),
});

const Behind = Type.Object({
  name: Type.String(),
  definition_id: Id,
  version: Id,
  newest: Nullable(Type.Integer({ description: 'The newest version that is not revoked' })),
  behind: Type.Integer({ description: 'How many versions are newer than the installed version' }),
  revoked: Nullable(
    Type.String({
      description:
        'Why the installed version was revoked. Null if the installed version is not revoked',
    }),
  ),
});

export const FleetComputer = Type.Object({
  ...Computer.properties,
  installed: Versions,
  loaded: Versions,
  errors: Type.Array(Complaint),
  reported_at: Nullable(Time),
  lag: Type.Array(Behind, { description: 'Installed versions that are not the newest' }),
});
export type FleetComputer = Static<typeof FleetComputer>;

export const DefinitionFleet = Type.Object({
  versions: Type.Array(
    Type.Object({
      version: Id,
      installed: Type.Integer({
        description:
          'The number of computers on which this version is the newest installed version',
      }),
      loaded: Type.Integer({
        description: 'The number of computers that had the version loaded when they last reported',
      }),
      revoked: Nullable(Type.String()),
    }),
    { description: 'All versions that a computer has installed or loaded, newest first' },
  ),
  history: Type.Array(
    Type.Object({
      date: Type.String({ format: 'date', description: 'The day in UTC' }),
      installed: Type.Record(Type.String(), Type.Integer(), {
        description: 'The number of computers with each version at the end of this day',
      }),
    }),
  ),
});
export type DefinitionFleet = Static<typeof DefinitionFleet>;
